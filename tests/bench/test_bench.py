"""The pieces of each benchmark, on tiny input; no test looks at a time."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import als, events, ingest, scale, step, tables
from bench.__main__ import BENCHMARKS, main
from bench.help import wall_seconds
from bench.inputs import Inputs
from gristmill.data.dataset import Dataset
from gristmill.data.plan import Layout
from gristmill.data.tfrecord import read_tfrecord

SMALL = ("retrieval.width=4", "retrieval.heads=1", "retrieval.window=4", "retrieval.batch_rows=2", "ranking.batch=8")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """Six people who all go round the same eight films, each from another start; odd people like odd films."""
    from apps.recommend.options import IngestOptions
    from apps.recommend.plan import make_plan
    from pipelines.ingest import ingest as run_ingest

    folder = tmp_path_factory.mktemp("bench")
    rows = [
        f"u{user},f{(user + place) % 8},{5 if (user + place) % 2 else 2},{1000 + place}"
        for user in range(6)
        for place in range(12)
    ]
    source = folder / "events.csv"
    source.write_text("\n".join(["user,item,rating,time", *rows]) + "\n", "utf-8")
    run_ingest(make_plan({"interactions": [str(source)]}, IngestOptions()), folder / "dataset")
    return Inputs(folder, given_dataset=folder / "dataset", preset="small")


def small_work(inputs: Inputs) -> Any:
    return replace(inputs.work, config=inputs.app.configure("small", SMALL))


def test_a_mean_stands_with_its_deviation_where_there_are_several() -> None:
    assert tables.mean_and_deviation([0.5]) == "0.5000"
    assert tables.mean_and_deviation([1.0, 3.0], ".1f") == "2.0 ± 1.4"
    assert "Python" in tables.machine()


def test_every_benchmark_is_a_module() -> None:
    assert all((Path(tables.__file__).parent / f"{name}.py").is_file() for name in BENCHMARKS)


def test_an_unknown_benchmark_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["halp"])
    assert stopped.value.code == 2
    assert "halp" in capsys.readouterr().err


def test_a_process_takes_time() -> None:
    assert wall_seconds([sys.executable, "-c", "raise SystemExit(3)"]) > 0


def test_the_plain_loop_and_the_row_pipeline_write_every_row(tmp_path: Path) -> None:
    source = events.make_csv(tmp_path / "made.csv", 40)
    ingest.plain(source, tmp_path / "plain.gz", Layout())
    ingest.per_row(source, tmp_path / "rows")
    assert len(list(read_tfrecord(tmp_path / "plain.gz"))) == 40
    assert sum(len(list(read_tfrecord(path))) for path in tmp_path.glob("rows-*.tfrecord.gz")) == 40


def test_the_whole_ingest_benchmark_prints_the_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ingest.run(Inputs(tmp_path, rows=30))
    assert "limit" in capsys.readouterr().out


def test_the_scale_benchmark_stands_beside_its_estimate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scale.run(Inputs(tmp_path, scale=(300,)))
    assert "300" in capsys.readouterr().out
    assert not list((tmp_path / "scale").glob("*.csv"))


@pytest.mark.parametrize("loops", [step.retrieval_loops, step.ranking_loops])
def test_ours_and_the_bare_loop_take_the_same_steps(
    loops: Callable[[Any], dict[str, step.Loop]], inputs: Inputs
) -> None:
    made = loops(small_work(inputs))
    counts = {loop() for loop in made.values()}
    assert len(counts) == 1
    assert counts.pop() > 0
    rates = step.compare(made, rounds=2)
    assert all(len(values) == 2 and min(values) > 0 for values in rates.values())


def test_a_history_becomes_a_row_whose_last_event_weighs_most() -> None:
    made = als.matrix([np.array([1, 3], np.int32), np.array([2], np.int32)], items=3, decay=0.5).toarray()
    np.testing.assert_allclose(made, [[0.5, 0, 1], [0, 1, 0]])


def test_als_recommends_what_stands_with_the_history(inputs: Inputs) -> None:
    pytest.importorskip("implicit", reason="the group bench is not installed")
    histories = [np.array(history, np.int32) for history in ([1, 2], [1, 2, 3], [1, 2, 3], [4, 5], [4, 5], [4, 5])]
    fitted = als.fit(histories, 5, als.Settings(factors=2, regularization=0.1, alpha=10.0))
    scores = fitted.score(histories[:1])[0]
    assert scores.shape == (6,)
    assert scores[3] > max(scores[4], scores[5])


def test_systems_are_measured_on_what_they_recommend(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("implicit", reason="the group bench is not installed")
    from bench import recommend, systems

    monkeypatch.setattr(als, "FACTORS", (2,))
    monkeypatch.setattr(als, "REGULARIZATION", (0.1,))
    work = small_work(inputs)
    for row in recommend.measure(systems.als_systems(work), 6, work, rounds=1):
        assert 0 <= float(row[-1]) <= 1


def test_boosting_reads_the_ranking_features(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lightgbm", reason="the group bench is not installed")
    from bench import boosting

    monkeypatch.setattr(boosting, "GRID", {"min_data_in_leaf": (1,)})
    metrics, settings = boosting.measure(small_work(inputs))
    assert set(metrics) == {"auc", "logloss"}
    assert settings["min_data_in_leaf"] == 1


def test_quality_keeps_measured_and_reported_apart() -> None:
    from bench import quality

    seeds = [{"model": {"auc": 0.8, "logloss": 0.5}}, {"model": {"auc": 0.6, "logloss": 0.5}}]
    made = quality.rows(seeds, quality.RANKING, {"LightGBM": {"auc": 0.7, "logloss": 0.6}})
    assert made[0] == ["model", "0.7000 ± 0.1414", "0.5000 ± 0.0000", "measured, seeds: 2"]
    assert made[1] == ["LightGBM", "0.7000", "0.6000", "measured, once"]
    assert {row[-1] for row in made[2:]} == {"reported before", "goal"}


def test_a_given_dataset_is_not_made_again(inputs: Inputs) -> None:
    assert inputs.dataset == inputs.given_dataset
    assert Dataset.open(inputs.dataset).manifest.read == 72
