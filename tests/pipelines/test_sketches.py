"""Sketches: exact while values are few, near beyond, and the same bytes for the same values."""

from collections import Counter
from typing import Any

import datasketches
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.sketches import Distinct, Moments, Quantiles, Terms

NUMBERS = st.one_of(
    st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=60).map(lambda xs: np.array(xs, np.int64)),
    st.lists(st.integers(-9, 9), min_size=1, max_size=60).map(lambda xs: np.array(xs, np.int32)),
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=60).map(lambda xs: np.array(xs, np.float32)),
)


@given(NUMBERS)
@example(np.array([2**62 - 318, -(2**62) - 10**9, 1]))  # they cancel: what is left is the rounding of the sum
def test_moments_equal_numpys(values: np.ndarray[Any, Any]) -> None:
    moments = Moments()
    moments.add(values)
    found, wide = moments.summary(), values.astype(np.float64)
    rounding = len(wide) * np.finfo(np.float64).eps * np.abs(wide).max()  # of a sum, in whichever order
    assert found["mean"] == pytest.approx(wide.mean(), rel=1e-9, abs=1e-6 + rounding)
    if len(values) > 1:
        assert found["deviation"] == pytest.approx(wide.std(ddof=1), rel=1e-6, abs=1e-6 + rounding)
    assert (found["minimum"], found["maximum"], found["zeros"]) == (wide.min(), wide.max(), (wide == 0).sum())
    assert found["distinct_estimate"] == len(set(values.tolist()))
    for share, value in found["quantiles"].items():
        assert value == np.quantile(wide, float(share), method="inverted_cdf")


def _filled(parts: list[np.ndarray[Any, Any]]) -> Quantiles:
    merged = Quantiles()
    for part in parts:
        one = Quantiles()
        one.add(np.sort(part))
        merged.merge(one)
    return merged


@pytest.mark.parametrize("batch", [997, 7_001, 65_536, 500_000])
@pytest.mark.parametrize("order", ["random", "ascending", "descending"])
def test_quantiles_of_many_values_are_near_and_the_same_each_time(batch: int, order: str) -> None:
    values = np.arange(500_000.0)
    if order == "random":
        values = np.random.default_rng(1).permutation(values)
    values = values[::-1] if order == "descending" else values
    parts = [values[start : start + batch] for start in range(0, len(values), batch)]
    shares = [0, 0.01, 0.25, 0.5, 0.75, 0.99, 1]
    found = _filled(parts)
    assert np.abs(np.array(found.of(shares)) / len(values) - shares).max() < 0.001
    assert np.abs(np.array(found.below([len(values) * share for share in shares])) - shares).max() < 0.001
    assert found.state() == _filled(parts).state()


def test_the_share_below_an_edge_counts_the_edge() -> None:
    quantiles = Quantiles()
    quantiles.add(np.array([1, 2, 2, 3]))
    assert quantiles.below([0, 1, 2, 2.5, 3]) == [0, 0.25, 0.75, 0.75, 1]


@pytest.mark.parametrize("count", [8_191, 8_193, 60_000, 1_000_000])
def test_distinct_values_are_exact_or_as_near_as_a_theta_sketch(count: int) -> None:
    values = np.random.default_rng(count).permutation(count)
    one, other = Distinct(), Distinct()
    one.add(values[: count // 2])
    other.add(values[count // 3 :])
    one.merge(other)
    if count < 8_192:
        assert one.estimate() == count
    assert one.estimate() == pytest.approx(count, rel=0.04)
    theta = datasketches.update_theta_sketch(13)
    for value in range(min(count, 60_000)):
        theta.update(value)
    assert theta.get_estimate() == pytest.approx(min(count, 60_000), rel=0.04)


def test_distinct_values_do_not_depend_on_the_order() -> None:
    values = np.random.default_rng(0).normal(size=50_000)
    one, other = Distinct(), Distinct()
    one.add(values)
    for part in np.array_split(values[::-1].copy(), 7):
        other.add(part)
    assert one.state() == other.state()


def test_minus_zero_is_zero() -> None:
    moments = Moments()
    for value in (0.0, -0.0):
        moments.add(np.array([value]))
    assert (moments.summary()["distinct_estimate"], moments.zeros) == (1, 2)


@given(st.lists(st.lists(st.text(max_size=3), max_size=20), max_size=5))
def test_terms_equal_a_counter(batches: list[list[str]]) -> None:
    terms, counter = Terms(), Counter[str]()
    for batch in batches:
        part = Terms()
        part.add(pa.array([*batch, None], pa.string()))
        terms.merge(part)
        counter.update(batch)
    ranked = sorted(counter.items(), key=lambda entry: (-entry[1], entry[0].encode()))
    assert list(zip(*(column.to_pylist() for column in terms.ranked()), strict=True)) == ranked
    assert list(zip(*(column.to_pylist() for column in terms.ranked(3)), strict=True)) == ranked[:3]
    assert (len(terms), terms.total) == (len(counter), counter.total())


def test_terms_are_summed_when_many_wait() -> None:
    terms = Terms(pa.int64())
    for start in range(0, 300_000, 50_000):
        terms.add(pa.array(range(start, start + 100_000)))
    names, counts = terms.ranked()
    assert counts.to_pylist() == [2] * 250_000 + [1] * 100_000
    assert names[0].as_py() == 50_000


def test_equal_counts_are_ranked_by_term() -> None:
    terms = Terms()
    terms.add(pa.array(["b", "a", "c", "c", "a", "b", "c"]))
    assert [column.to_pylist() for column in terms.ranked()] == [["c", "a", "b"], [3, 2, 2]]
