"""Statistics equal those of pandas, and do not depend on how the records were parted."""

import itertools
import pickle
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.data.dataset import arrow_type
from gristmill.errors import IntegrityError
from gristmill.schema import Schema
from pipelines.analyse import Statistics

NESTED = pa.list_(pa.list_(pa.int64()))
SCHEMA = Schema.model_validate(
    {
        "features": [
            {"name": "number", "kind": "number", "missing": "keep"},
            {"name": "count", "kind": "number", "dtype": "int64"},
            {"name": "term", "kind": "category", "missing": "keep"},
            {"name": "text", "kind": "text"},
            {"name": "tags", "kind": "sequence"},
            {"name": "code", "kind": "category", "dtype": "int64"},
            {"name": "pair", "kind": "sequence", "dtype": "float32", "shape": [2]},
            {"name": "nested", "kind": "sequence", "dtype": "int64", "shape": [None, None], "missing": "keep"},
        ]
    }
)


@pytest.fixture(scope="module")
def table() -> pa.Table:
    random = np.random.default_rng(0)
    numbers = [None if n % 7 == 0 else float(n) for n in random.integers(0, 50, 200)]
    terms = [None if n == 0 else f"t{n}" for n in random.integers(0, 9, 200)]
    return pa.table(
        {
            "number": pa.array(numbers, pa.float32()),
            "count": random.integers(-5, 5, 200),
            "term": terms,
            "text": ["ü" * int(n) for n in random.integers(0, 4, 200)],
            "tags": [["a", "b"][: int(n)] for n in random.integers(0, 3, 200)],
            "code": random.integers(0, 3, 200),
            "pair": pa.array([[float(n), float(n + 1)] for n in range(200)], pa.list_(pa.float32())),
            "nested": pa.array([None if n % 9 == 0 else [[n], [], [1, 2]][: n % 4] for n in range(200)], NESTED),
        }
    )


def test_the_figures_equal_those_of_pandas(table: pa.Table) -> None:
    found = Statistics.of(SCHEMA).add(table).summary()
    for name in ("number", "count"):
        column = table.column(name).to_pandas().astype("float64")
        summary = found[name]
        assert (summary["count"], summary["missing"]) == (200, column.isna().sum())
        assert summary["mean"] == pytest.approx(column.mean())
        assert summary["deviation"] == pytest.approx(column.std())
        assert (summary["minimum"], summary["maximum"]) == (column.min(), column.max())
        for share, value in summary["quantiles"].items():
            assert value == np.quantile(column.dropna(), float(share), method="inverted_cdf")
        assert summary["distinct_estimate"] == column.nunique()
        assert summary["zeros"] == (column == 0).sum()
        assert summary["missing_share"] == column.isna().mean()
    terms = table.column("term").to_pandas()
    assert found["term"]["distinct"] == terms.nunique()
    assert dict(found["term"]["top"]) == terms.value_counts().to_dict()
    lengths = pd.Series([len(text) for text in table.column("text").to_pylist()])
    assert found["text"]["length"]["mean"] == pytest.approx(lengths.mean())
    assert found["text"]["empty"] == (lengths == 0).sum()
    tags = Counter(tag for row in table.column("tags").to_pylist() for tag in row)
    assert found["tags"]["top"] == [[tag, count] for tag, count in tags.most_common()]
    codes = Counter(str(code) for code in table.column("code").to_pylist())
    assert found["code"]["top"] == [[code, count] for code, count in codes.most_common()]


def test_lists_of_lists_are_counted_by_their_outer_length_and_inner_values(table: pa.Table) -> None:
    found = Statistics.of(SCHEMA).add(table).summary()
    rows = [row for row in table.column("nested").to_pylist() if row is not None]
    values = pd.Series([value for row in rows for inner in row for value in inner], dtype="float64")
    assert found["nested"]["missing"] == 200 - len(rows)
    assert found["nested"]["empty"] == sum(not row for row in rows)
    assert found["nested"]["length"]["mean"] == pytest.approx(np.mean([len(row) for row in rows]))
    assert found["nested"]["mean"] == pytest.approx(values.mean())
    assert found["nested"]["deviation"] == pytest.approx(values.std())
    assert found["pair"]["length"]["minimum"] == found["pair"]["length"]["maximum"] == 2
    assert found["pair"]["mean"] == pytest.approx(100)


def test_chunks_fixed_lists_and_dictionaries_are_counted_alike(table: pa.Table) -> None:
    chunked = pa.concat_tables([table.slice(0, 60), table.slice(60)])
    fixed = pa.array(table.column("pair").to_pylist(), pa.list_(pa.float32(), 2))
    encoded = chunked.set_column(2, "term", chunked.column("term").dictionary_encode())
    encoded = encoded.set_column(6, "pair", pa.chunked_array([fixed]))
    assert Statistics.of(SCHEMA).add(encoded).summary() == Statistics.of(SCHEMA).add(table).summary()


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 200), max_size=4), order=st.randoms(use_true_random=False))
def test_merging_in_any_order_equals_one_pass(cuts: list[int], order: Any, table: pa.Table) -> None:
    bounds = [0, *sorted(cuts), 200]
    parts = [Statistics.of(SCHEMA).add(table.slice(a, b - a)) for a, b in itertools.pairwise(bounds)]
    order.shuffle(parts)
    merged = pickle.loads(pickle.dumps(parts[0]))
    for part in parts[1:]:
        merged.merge(Statistics.from_bytes(part.to_bytes()))
    whole = Statistics.of(SCHEMA).add(table).summary()
    for name, summary in merged.summary().items():
        assert _flat(summary) == pytest.approx(_flat(whole[name]))
        assert summary.get("top") == whole[name].get("top")


@pytest.mark.parametrize("rows", [0, 1, 200])
def test_what_is_stored_comes_back_to_the_last_bit(rows: int, table: pa.Table) -> None:
    made = Statistics.of(SCHEMA).add(table.slice(0, rows))
    again = Statistics.from_bytes(made.to_bytes())
    assert again.to_bytes() == made.to_bytes()
    assert again.summary() == made.summary()
    assert again.merge(made).merge(again).summary()["term"]["count"] == 4 * rows


@pytest.mark.parametrize("damage", [lambda stored: stored[:-9], lambda stored: b"", lambda stored: b"{}" * 99])
def test_damaged_statistics_are_told(damage: Callable[[bytes], bytes], table: pa.Table) -> None:
    stored = Statistics.of(SCHEMA).add(table).to_bytes()
    with pytest.raises(IntegrityError, match="stored statistics must be as"):
        Statistics.from_bytes(damage(stored))


def test_the_same_batches_in_the_same_order_give_the_same_bytes(table: pa.Table) -> None:
    def made() -> bytes:
        whole = Statistics.of(SCHEMA)
        for start in range(0, 200, 33):
            whole.merge(Statistics.of(SCHEMA).add(table.slice(start, 33)))
        return whole.to_bytes()

    assert made() == made()


def _flat(summary: dict[str, Any], prefix: str = "") -> dict[str, float]:
    """The numbers of a summary, by their path."""
    made: dict[str, float] = {}
    for name, value in summary.items():
        if isinstance(value, dict):
            made |= _flat(value, f"{prefix}{name}.")
        elif name != "top":
            made[prefix + name] = value
    return made


def test_no_values_have_no_figures() -> None:
    empty = pa.schema([(feature.name, arrow_type(feature)) for feature in SCHEMA.features]).empty_table()
    assert Statistics.of(SCHEMA).add(empty).summary()["number"] == {"count": 0, "missing": 0}


def test_large_numbers_do_not_cancel() -> None:
    schema = Schema.model_validate({"features": [{"name": "x", "kind": "number", "dtype": "int64"}]})
    one, other = (Statistics.of(schema).add(pa.table({"x": [10**9 + n]})) for n in (1, 3))
    summary = one.merge(other).summary()["x"]
    assert (summary["mean"], summary["deviation"]) == (10**9 + 2, pytest.approx(2**0.5))
