"""Hashes that are the same everywhere, and orders made of them."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.duplicates import find_duplicates
from pipelines.hashing import gathered, record_hashes, scattered, stable_hash

HASHES = [
    10281745348469852454,
    6283849563155400525,
    5281525692782860467,
    5254417274903813157,
    11048860935260497124,
]


def test_a_hash_is_the_same_everywhere() -> None:
    assert stable_hash(pa.array(["", "a", "ü", None, "a longer text"])).tolist() == HASHES
    assert stable_hash(pa.array([12]))[0] == stable_hash(pa.array(["12"]))[0]
    assert stable_hash(pa.array(["x", "a", "ü"])[1:]).tolist() == HASHES[1:3]
    assert stable_hash(pa.chunked_array([["", "a"], [], ["ü"]])).tolist() == HASHES[:3]


def test_different_records_have_different_hashes() -> None:
    columns = {
        "text": ["", "a", "ab", None, "a", "a"],
        "number": [1, 1, 1, 1, 2, None],
        "float": pa.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], pa.float32()),
        "list": [["a"], ["a"], [], None, ["a"], ["a"]],
    }
    hashes = record_hashes([column.combine_chunks() for column in pa.table(columns).columns])
    assert len(set(hashes.tolist())) == 6
    assert record_hashes([pa.array(["ab", "c"])]).tolist() != record_hashes([pa.array(["a", "bc"])]).tolist()


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_a_scattered_order_has_each_row_once(count: int) -> None:
    order = scattered(count)
    assert sorted(order.tolist()) == list(range(count))
    assert np.array_equal(order, scattered(count))
    assert count < 1000 or abs(float(np.corrcoef(order, np.arange(count))[0, 1])) < 0.1


def test_rows_of_one_place_stand_together_in_their_order() -> None:
    order, counts = gathered(np.array([2, 0, 2, 0, 3]), 4)
    assert order.tolist() == [1, 3, 0, 2, 4]
    assert counts.tolist() == [2, 0, 2, 1]


def test_duplicates_are_told_with_the_first_of_them() -> None:
    table = pa.table({"a": ["x", "y", "x", "x", None, None], "b": [1, 1, 1, 2, 3, 3]})
    twice, first = find_duplicates(table)
    assert (twice.tolist(), first.tolist()) == ([2, 5], [0, 4])
    assert find_duplicates(table.slice(0, 2))[0].tolist() == []


def test_records_with_equal_hashes_are_compared_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.duplicates.record_hashes", lambda columns: np.ones(len(columns[0]), np.uint64))
    twice, first = find_duplicates(pa.table({"a": ["x", "y", "x", "z"]}))
    assert (twice.tolist(), first.tolist()) == ([2], [0])
