"""The list of runs hides nothing, and a mistyped name gets near ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gristmill.errors import InputError
from gristmill.runs import Run, compare, find_run, list_runs


def test_runs_of_both_levels_are_listed_with_what_they_are(make_run: Callable[..., Run], tmp_path: Path) -> None:
    make_run("alone")
    make_run("recommend/first")
    make_run("too/deep/down")
    (tmp_path / ".killed.partial").mkdir()
    runs = list_runs(tmp_path)
    assert [run.name for run in runs] == ["alone", "recommend/first"]
    first = runs[1]
    assert (first.app, first.preset, first.seed, first.dataset) == ("recommend", "demo", 7, "tiny")
    assert first.created == "2025-01-31T09:30:00Z"
    assert (first.split, first.metrics["ndcg_at_10"]) == ("test", 0.0649)


def test_a_broken_run_is_listed_last_with_the_reason(make_run: Callable[..., Run], tmp_path: Path) -> None:
    (make_run("a").path / "model.keras").unlink()
    make_run("b")
    good, broken = list_runs(tmp_path)
    assert (good.name, good.problem) == ("b", "")
    assert broken.name == "a"
    assert "`model.keras` is missing" in broken.problem
    assert list_runs(tmp_path, verify=False)[0].problem == ""


def test_a_root_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "none") == []
    with pytest.raises(InputError, match=r"known: none"):
        find_run("first", tmp_path / "none")


def test_a_run_is_found_by_path_name_and_end_of_name(make_run: Callable[..., Run], tmp_path: Path) -> None:
    path = make_run("recommend/first").path
    for name in (path, "recommend/first", "first"):
        assert find_run(name, tmp_path) == path


def test_a_name_that_is_wrong_or_not_enough_is_answered_with_names(
    make_run: Callable[..., Run], tmp_path: Path
) -> None:
    make_run("recommend/first")
    with pytest.raises(InputError, match=r"did you mean 'recommend/first'"):
        find_run("recommend/frist", tmp_path)
    make_run("other/first")
    with pytest.raises(InputError, match=r"2 runs are called 'first': other/first, recommend/first"):
        find_run("first", tmp_path)
    with pytest.raises(InputError, match=r"other is no run"):
        find_run(tmp_path / "other", tmp_path)


def test_a_comparison_has_every_metric_and_only_settings_that_differ(make_run: Callable[..., Run]) -> None:
    a = make_run("a")
    b = make_run("b", seed=8, retrieval={"width": 64, "rates": [0.1]}, extra={"on": True})
    b.metrics["test"]["model"] = {"ndcg_at_10": 0.0749}
    result = compare(a, b)
    assert (result.a, result.b, result.same_data) == ("a", "b", True)
    rows = {(row.split, row.system, row.metric): row for row in result.metrics}
    assert next(iter(rows)) == ("validation", "model", "ndcg_at_10")
    assert rows["validation", "model", "logloss"].difference is None
    assert next(system for split, system, _ in rows if split == "test") == "model"
    row = rows["test", "model", "ndcg_at_10"]
    assert (row.a, row.b) == (0.0649, 0.0749)
    assert row.difference == pytest.approx(0.01)
    assert rows["test", "model", "users"].difference is None
    assert [(row.key, row.a, row.b) for row in result.config] == [
        ("seed", 7, 8),
        ("retrieval.rates", [0.1, 0.2], [0.1]),
        ("extra.on", None, True),
    ]
