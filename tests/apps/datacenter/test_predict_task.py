"""The predictor as a task: from telemetry to a run, and to lite files that say the same within 10 ms."""

import json
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.datacenter import app
from apps.datacenter.options import IngestOptions
from apps.datacenter.plan import make_plan
from apps.datacenter.predict import Layout, load_predictor, what_if
from apps.datacenter.predict.task import prepare, requests
from gristmill.app import Work
from gristmill.data.dataset import Dataset
from gristmill.lite import LiteModel, read_assets
from gristmill.progress import Silent
from gristmill.runs import Run
from gristmill.workflow.evaluate import evaluate_run
from gristmill.workflow.export import export_run
from gristmill.workflow.train import train_app
from pipelines.ingest import ingest


def telemetry(path: Path) -> Path:
    """A week at 15 minutes, in which a sensor is missing for a while."""
    steps = np.arange(7 * 96)
    rng = np.random.default_rng(0)
    supply = rng.uniform(14, 24, len(steps) // 4).repeat(4)
    outdoor = 15 + 8 * np.sin(steps * np.pi / 48) + rng.normal(0, 0.2, len(steps))
    it = 60 + 5 * np.sin(steps * np.pi / 48 + 1) + rng.normal(0, 0.2, len(steps))
    hall = np.where((steps > 100) & (steps < 140), np.nan, supply + rng.normal(8, 0.5, len(steps)))
    columns = {
        "time": pa.array(np.datetime64("2024-01-01T00:00:00", "ms") + steps * np.timedelta64(15, "m")),
        "action_supply_c": pa.array(supply),
        "outdoor_c": pa.array(outdoor),
        "hall_c": pa.array(hall, from_pandas=True),
        "it_power_kw": pa.array(it),
        "total_power_kw": pa.array(it + 20 + 0.5 * (outdoor - 15) - 0.8 * (supply - 19)),
    }
    pq.write_table(pa.table(columns), path)
    return path


def dataset(folder: Path) -> Path:
    source = telemetry(folder / "telemetry.parquet")
    ingest(make_plan({"telemetry": [str(source)]}, IngestOptions()), folder / "data")
    return folder / "data"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("predict")
    train_app(app, dataset(folder), folder / "run", preset="small")
    evaluate_run(folder / "run")
    return export_run(folder / "run", formats="f32,dynamic")


@pytest.fixture(scope="module")
def work(run: Run) -> Work:
    return Work(Dataset.open(run.config["dataset"]), app.configure("small", ()), 0, Silent())


def test_the_run_has_our_errors_beside_the_peers(run: Run) -> None:
    test = run.metrics["test"]
    assert set(test) == {"model", "persistence", "ridge", "hist_gradient_boosting", "mlp"}
    assert test["model"]["pue_mae_hour"] < test["persistence"]["pue_mae_hour"]
    assert set(app.tasks[0].metrics) <= set(test["model"])


@pytest.mark.parametrize("name", ["f32", "dynamic"])
def test_a_lite_file_says_the_same_within_10_ms(run: Run, work: Work, name: str) -> None:
    lite, model = LiteModel(run.file(f"lite/predict-{name}.tflite")), load_predictor(run.file("predict.keras"))
    assert np.isnan(prepare(work).windows("train").past).any()
    request = requests(work, "test")[0]
    found, wanted = lite("predict", **request), model(request)
    for output in ("pue", "power_kw"):
        np.testing.assert_allclose(found[output], wanted[output].numpy(), rtol=0.02)
    start = time.thread_time()
    for _ in range(20):
        lite("predict", **request)
    assert (time.thread_time() - start) / 20 < 0.01


def test_a_lite_file_fills_in_what_is_missing(run: Run, work: Work) -> None:
    lite, model = LiteModel(run.file("lite/predict-f32.tflite")), load_predictor(run.file("predict.keras"))
    request = requests(work, "test")[0]
    request["past"] = request["past"].copy()
    request["past"][:, -3:, 1:] = np.nan
    found, wanted = lite("predict", **request), model(request)
    np.testing.assert_allclose(found["pue"], wanted["pue"].numpy(), rtol=1e-3)


def test_a_lite_file_carries_the_names_of_what_it_reads(run: Run, work: Work) -> None:
    assets = read_assets(run.file("lite/predict-f32.tflite"))
    assert Layout.of(json.loads(assets["layout.json"])) == prepare(work).layout
    assert json.loads(assets["signature.json"])["leads"] == [1, 4]


def test_a_curve_from_a_run(run: Run, work: Work) -> None:
    curve = what_if(
        load_predictor(run.file("predict.keras")), requests(work, "test")[0], "action_supply_c", [16.0, 22.0]
    )
    assert curve.column_names == [
        "value", "minutes", "pue", "pue_low", "pue_high", "power_kw", "power_kw_low", "power_kw_high",
    ]  # fmt: skip


def test_training_that_was_stopped_goes_on_to_the_same_weights(run: Run, tmp_path: Path, monkeypatch) -> None:
    data, calls = Path(run.config["dataset"]), []

    def stops(model, arrays):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return judged(model, arrays)

    from apps.datacenter.predict import training

    judged = training._judged
    with monkeypatch.context() as patch:
        patch.setattr(training, "_judged", stops)
        with pytest.raises(KeyboardInterrupt):
            train_app(app, data, tmp_path / "run", preset="small")
    again = train_app(app, data, tmp_path / "run", preset="small")
    ours, whole = (load_predictor(each.file("predict.keras")).get_weights() for each in (again, run))
    for one, other in zip(ours, whole, strict=True):
        np.testing.assert_array_equal(one, other)
