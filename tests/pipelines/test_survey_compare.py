"""Comparisons: the distances equal scipy's and hand sums, chance is no drift, a shift is, and mismatches are told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import distance
from scipy.stats import entropy

from gristmill.data.reports import Comparison, FeatureDrift, Thresholds
from gristmill.errors import InputError
from gristmill.schema import Schema
from pipelines.analyse import Statistics
from pipelines.sketches import Moments, Terms
from pipelines.survey import compare
from pipelines.survey.bins import of_numbers, of_terms
from pipelines.survey.compare import compare_sides
from pipelines.survey.distances import chance_linf, chance_psi, jensen_shannon, l_infinity, psi
from pipelines.survey.sides import Side

COUNTS = st.integers(2, 12).flatmap(lambda n: st.tuples(*[st.lists(st.integers(1, 999), min_size=n, max_size=n)] * 2))
SCHEMA = Schema.model_validate(
    {
        "features": [
            {"name": "id", "kind": "id"},
            {"name": "colour", "kind": "category", "missing": "keep"},
            {"name": "code", "kind": "category", "dtype": "int64"},
            {"name": "price", "kind": "number", "missing": "keep"},
            {"name": "stars", "kind": "number", "dtype": "int64"},
            {"name": "when", "kind": "time"},
            {"name": "tags", "kind": "sequence"},
            {"name": "note", "kind": "text"},
        ]
    }
)


@given(COUNTS)
def test_the_distances_equal_scipys(counts: tuple[list[int], list[int]]) -> None:
    a, b = (np.array(side, float) for side in counts)
    assert psi(a, b) == pytest.approx(entropy(a, b) + entropy(b, a), abs=1e-9)
    assert jensen_shannon(a, b) == pytest.approx(distance.jensenshannon(a, b, base=2) ** 2, abs=1e-9)
    assert l_infinity(a, b) == pytest.approx(distance.chebyshev(a / a.sum(), b / b.sum()))


def test_the_distances_of_two_coins() -> None:
    a, b = np.array([5.0, 5.0]), np.array([8.0, 2.0])
    assert psi(a, b) == pytest.approx(0.3 * np.log(1.6) - 0.3 * np.log(0.4))
    assert l_infinity(a, b) == pytest.approx(0.3)
    assert jensen_shannon(np.array([1.0, 0]), np.array([0, 1.0])) == 1
    assert psi(np.array([10.0, 0]), np.array([5.0, 5])) == pytest.approx(-0.5 * np.log(0.5) + 0.45 * np.log(0.5 / 0.05))


def test_chance_exceeds_its_bound_about_once_in_a_thousand_times() -> None:
    random = np.random.default_rng(0)
    bound, shares = chance_psi(6, 4000, 1000), np.full(6, 1 / 6)
    found = [
        psi(random.multinomial(4000, shares).astype(float), random.multinomial(1000, shares).astype(float))
        for _ in range(20_000)
    ]
    assert 0.0003 < np.mean(np.array(found) > bound) < 0.003
    coins = random.binomial(4000, 0.3, 20_000) / 4000 - random.binomial(1000, 0.3, 20_000) / 1000
    assert 0.0003 < np.mean(np.abs(coins) > chance_linf(0.3, 4000, 1000)) < 0.003


def _moments(values: Any) -> Moments:
    made = Moments()
    made.add(np.asarray(values, float))
    return made


def test_numbers_fall_into_tenths_of_a() -> None:
    bins = of_numbers(_moments(range(1, 101)), _moments([5, 15, 15, 200]), str)
    assert bins.a.tolist() == pytest.approx([10] * 10)
    assert bins.b.tolist() == pytest.approx([1, 2, 0, 0, 0, 0, 0, 0, 0, 1])
    assert (bins.names[0], bins.names[1], bins.names[-1]) == ("≤ 10.0", "> 10.0 ≤ 20.0", "> 90.0")
    assert bins.told == "median 50.0 → 15.0"


@pytest.mark.parametrize("other", [3.0, 7.0])
def test_a_constant_that_changes_shares_no_bin(other: float) -> None:
    bins = of_numbers(_moments([5.0] * 50), _moments([other] * 50), str)
    assert jensen_shannon(bins.a, bins.b) == l_infinity(bins.a, bins.b) == 1


def _terms(*values: str) -> Terms:
    made = Terms()
    made.add(pa.array(values, pa.string()))
    return made


def test_new_and_vanished_terms_are_named() -> None:
    bins = of_terms(_terms("a", "a", "b", "c"), _terms("a", "d", "d", "b"))
    assert dict(zip(bins.names, zip(bins.a, bins.b, strict=True), strict=True)) == {
        "a": (2, 1), "b": (1, 1), "c": (1, 0), "d": (0, 2),
    }  # fmt: skip
    assert bins.told == "new 50.0%: d; gone 25.0%: c"
    assert of_terms(_terms("a", "b"), _terms("a", "b", "b", "b")).told == "b 50.0% → 75.0%"


def test_of_very_many_terms_the_rare_ones_share_a_bin() -> None:
    a = _terms(*(f"t{n:03}" for n in range(300) for _ in range(300 - n)))
    b = _terms(*(f"t{n:03}" for n in range(250, 310)))
    bins = of_terms(a, b)
    assert bins.names[-2:] == ("other terms", "new terms")
    assert len(bins.names) == 256
    assert (bins.a.sum(), bins.b.sum()) == (a.total, b.total)
    assert (bins.b[-2], bins.b[-1]) == (46, 10)


def _records(seed: int, count: int = 3000, **changed: Any) -> pa.Table:
    """Records of one distribution; `changed` columns stand in place of it."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        "id": [f"{seed}-{n}" for n in range(count)],
        "colour": random.choice(["red", "green", "blue", None], count, p=[0.5, 0.3, 0.15, 0.05]),
        "code": random.choice([1, 2, 30], count),
        "price": random.lognormal(size=count).astype(np.float32),
        "stars": random.integers(1, 6, count),
        "when": random.integers(1_600_000_000, 1_700_000_000, count),
        "tags": [["a", "b", "c"][: int(n)] for n in random.integers(0, 4, count)],
        "note": ["x" * int(n) for n in random.integers(0, 40, count)],
    }
    columns |= {name: make(random, count) for name, make in changed.items()}
    return pa.table(columns)


def _side(table: pa.Table, schema: Schema = SCHEMA, name: str = "side") -> Side:
    return Side(name, schema, Statistics.of(schema).add(table), table.num_rows)


def _row(made: Comparison, feature: str, part: str = "values") -> FeatureDrift:
    return next(row for row in made.features if (row.feature, row.part) == (feature, part))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [60, 3000])
def test_samples_of_one_distribution_do_not_drift(seed: int, count: int) -> None:
    made = compare_sides(_side(_records(1000 + seed)), _side(_records(seed, count)))
    assert not made.drifted, [(row.feature, row.reasons) for row in made.features if row.reasons]


@pytest.mark.parametrize(
    ("feature", "part", "change"),
    [
        ("colour", "values", lambda random, n: random.choice(["red", "pink"], n)),
        ("colour", "values", lambda random, n: [None if v < 0.3 else "RGB"[int(v * 9) % 3] for v in random.random(n)]),
        ("code", "values", lambda random, n: random.choice([1, 2, 30], n, p=[0.8, 0.1, 0.1])),
        ("price", "values", lambda random, n: (random.lognormal(size=n) + 1).astype(np.float32)),
        ("stars", "values", lambda random, n: random.integers(3, 6, n)),
        ("when", "values", lambda random, n: random.integers(1_700_000_000, 1_800_000_000, n)),
        ("tags", "values", lambda random, n: [["z"]] * n),
        ("tags", "length", lambda random, n: [["a", "b", "c"]] * n),
        ("note", "length", lambda random, n: ["y" * int(v) for v in random.integers(30, 60, n)]),
    ],
)  # fmt: skip
def test_what_was_shifted_drifts_and_nothing_else(feature: str, part: str, change: Callable[..., Any]) -> None:
    made = compare_sides(_side(_records(1)), _side(_records(2, **{feature: change})))
    assert made.drifted and _row(made, feature, part).reasons
    assert {row.feature for row in made.features if row.drifted} == {feature}
    assert made.features[0].feature == feature


def test_a_change_of_the_missing_share_is_drift() -> None:
    made = compare_sides(
        _side(_records(1)), _side(_records(2, price=lambda random, n: pa.array([1.0, None] * (n // 2), pa.float32())))
    )
    assert "missing 0.0% → 50.0%" in _row(made, "price").reasons
    gone = compare_sides(_side(_records(1)), _side(_records(2, price=lambda random, n: pa.nulls(n, pa.float32()))))
    assert _row(gone, "price").told == "no values in B"
    assert _row(gone, "price").drifted and _row(gone, "price").psi is None


def test_thresholds_and_ids_are_the_users() -> None:
    a, b = (
        _side(_records(1)),
        _side(_records(2, code=lambda random, n: random.choice([1, 2, 30], n, p=[0.4, 0.33, 0.27]))),
    )
    assert not compare_sides(a, b).drifted
    assert _row(compare_sides(a, b, Thresholds(psi=0.02)), "code").drifted
    assert not _row(compare_sides(a, b), "id").judged
    assert _row(compare_sides(a, b, ids=True), "id").drifted
    assert not compare_sides(a, b, ids=True, leave_out=["id"]).drifted


def test_shares_for_charts_add_up() -> None:
    made = compare_sides(_side(_records(1)), _side(_records(2)))
    for row in made.features:
        if row.feature != "id":
            assert sum(a for _, a, _ in row.shares) == pytest.approx(1)
            assert sum(b for _, _, b in row.shares) == pytest.approx(1)


def test_features_that_do_not_match_are_told() -> None:
    other = Schema.model_validate({"features": [{"name": "price", "kind": "category"}, {"name": "more", "kind": "id"}]})
    made = compare_sides(
        _side(_records(1).select(["price", "stars"]), Schema(features=(SCHEMA["price"], SCHEMA["stars"])), "A"),
        _side(pa.table({"price": ["a"], "more": ["b"]}), other, "B"),
    )
    assert dict(made.mismatches) == {
        "price": "number of float32 in A, category of string in B",
        "stars": "only in A",
        "more": "only in B",
    }
    assert made.drifted and not made.features


def test_sides_must_hold_records_and_features_must_be_known() -> None:
    with pytest.raises(InputError, match=r"side: at least one record is needed\. Received: none"):
        compare_sides(_side(_records(1)), _side(_records(1).slice(0, 0)))
    with pytest.raises(InputError, match="unknown feature 'pric'; did you mean 'price'"):
        compare_sides(_side(_records(1)), _side(_records(2)), leave_out=["pric"])


def test_files_are_read_by_the_schema_of_the_first(make_file: Callable[[str, str], str]) -> None:
    a = make_file("a.csv", "colour,size,old\n" + "red,1,x\nblue,2,y\n" * 50)
    b = make_file("b.csv", "colour,size,new\n" + "red,1,x\nblue,two,y\n" * 50)
    made = compare(a, b)
    assert {row.feature for row in made.features} == {"colour", "size"}
    assert dict(made.mismatches) == {"old": f"only in {a}"}
    assert made.notes == (f"{b}: 50 of 100 records break a rule and are not counted",)
    assert made.records == (100, 50)


def test_a_side_that_is_not_there_is_named(tmp_path: Path, make_file: Callable[[str, str], str]) -> None:
    a = make_file("a.csv", "x\n1\n")
    with pytest.raises(InputError, match=r"gone\.csv: no such file"):
        compare(a, str(tmp_path / "gone.csv"))
    with pytest.raises(InputError, match="is no dataset"):
        compare(str(tmp_path), a)
