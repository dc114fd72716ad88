"""Statistics equal those of pandas, and do not depend on how the records were parted."""

import itertools
import pickle
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.data.dataset import arrow_type
from gristmill.schema import Schema
from pipelines.analyse import Statistics, ranked
from pipelines.quantiles import Quantiles

SCHEMA = Schema.model_validate(
    {
        "features": [
            {"name": "number", "kind": "number", "missing": "keep"},
            {"name": "count", "kind": "number", "dtype": "int64"},
            {"name": "term", "kind": "category", "missing": "keep"},
            {"name": "text", "kind": "text"},
            {"name": "tags", "kind": "sequence"},
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
    terms = table.column("term").to_pandas()
    assert found["term"]["distinct"] == terms.nunique()
    assert dict(found["term"]["top"]) == terms.value_counts().to_dict()
    lengths = pd.Series([len(text) for text in table.column("text").to_pylist()])
    assert found["text"]["length"]["mean"] == pytest.approx(lengths.mean())
    assert found["text"]["empty"] == (lengths == 0).sum()
    tags = Counter(tag for row in table.column("tags").to_pylist() for tag in row)
    assert found["tags"]["top"] == [[tag, count] for tag, count in tags.most_common()]


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 200), max_size=4), order=st.randoms(use_true_random=False))
def test_merging_in_any_order_equals_one_pass(cuts: list[int], order: Any, table: pa.Table) -> None:
    bounds = [0, *sorted(cuts), 200]
    parts = [Statistics.of(SCHEMA).add(table.slice(a, b - a)) for a, b in itertools.pairwise(bounds)]
    order.shuffle(parts)
    merged = pickle.loads(pickle.dumps(parts[0]))
    for part in parts[1:]:
        merged.merge(pickle.loads(pickle.dumps(part)))
    whole = Statistics.of(SCHEMA).add(table).summary()
    for name, summary in merged.summary().items():
        assert _flat(summary) == pytest.approx(_flat(whole[name]))
        assert summary.get("top") == whole[name].get("top")


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


def test_equal_counts_are_ranked_by_term() -> None:
    assert ranked(Counter({"b": 2, "a": 2, "c": 3})) == [("c", 3), ("a", 2), ("b", 2)]


def test_quantiles_of_many_values_are_near_and_the_same_each_time() -> None:
    values = np.random.default_rng(1).permutation(200_000).astype(float)

    def found() -> list[float]:
        parts = []
        for start in range(0, 200_000, 7_001):
            parts.append(Quantiles())
            parts[-1].add(values[start : start + 7_001])
        for part in parts[1:]:
            parts[0].merge(part)
        return parts[0].of([0, 0.01, 0.5, 0.99, 1])

    assert np.abs(np.array(found()) / 200_000 - [0, 0.01, 0.5, 0.99, 1]).max() < 0.002
    assert found() == found()
