"""Rows that are taken are those that Arrow takes, for every type, with slices, chunks and nulls."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.data.gather import gather

TABLE = pa.table(
    {
        "text": ["a", "", "zoë", "a longer text"],
        "holes": ["x", None, "y", None],
        "whole": [2**63 - 1, -1, 0, 7],
        "float": pa.array([0.5, -0.0, float("inf"), 3], pa.float32()),
        "gap": pa.array([1.5, None, 2.5, None]),
        "list": [["a"], [], None, ["b", "c"]],
    }
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.integers(0, 5), max_size=9), start=st.integers(0, 2))
def test_the_rows_are_those_that_arrow_takes(rows: list[int], start: int) -> None:
    table = pa.concat_tables([TABLE, TABLE]).slice(start)
    found = gather(table, np.array(rows, np.int64))
    assert found.equals(table.take(pa.array(rows, pa.int64())).combine_chunks())
    assert repr(found.to_pylist()) == repr(table.take(pa.array(rows, pa.int64())).to_pylist())
    found.validate(full=True)


@pytest.mark.parametrize("rows", [[-1], [4], [0, 9]])
def test_a_row_that_is_not_there_is_an_error(rows: list[int]) -> None:
    with pytest.raises(IndexError, match="rows must be from 0 to 3"):
        gather(TABLE, np.array(rows))
    assert gather(TABLE.slice(0, 0), np.array([], np.int64)).num_rows == 0
