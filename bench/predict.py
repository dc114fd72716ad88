"""Errors of the predictor of PUE and power beside persistence, ridge, histogram boosting and an MLP, in one run."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from apps.datacenter.config import PredictConfig
from apps.datacenter.plant import Action, Default, PlantOptions, Replay, read_load, run_plant
from apps.datacenter.predict import (
    Series,
    Windows,
    estimator_inputs,
    layout_of,
    predict,
    series_of_table,
    train_predictor,
    windows_of,
)
from apps.datacenter.predict.measures import errors, intervals
from apps.datacenter.predict.peers import PEERS, peers_of
from apps.datacenter.predict.training import feature_model
from apps.datacenter.predict.windows import TARGETS
from bench.inputs import Inputs
from bench.tables import note, show
from gristmill.estimator import BoostedTreesRegressor, DNNRegressor, RunConfig

__all__ = ["random_actions", "run"]

_SEED = 3
_HELD_STEPS = 6
"""Mean time that a random set-point is kept."""
_DRAWN = {"zone_cooling_c": (21.0, 32.0), "supply_air_c": (12.0, 24.0), "chilled_water_c": (6.0, 14.0)}
_DAYS_OF_LOAD = 336
"""Days that the load lasts where each of its 5 minutes is made an hour."""
_METRICS = ("pue_mae_step", "pue_mae_hour", "power_mae_step_kw", "power_mae_hour_kw")
_ESTIMATOR_STEPS = 3000


@dataclass(frozen=True)
class _Found:
    """What a system came to."""

    middle: NDArray[np.float64]
    """PUE and power of the test windows `[window, lead, target]`."""
    cpu_seconds: float


def run(inputs: Inputs) -> None:
    """Prints a table a setting; the test split, the last .15 of the time, is used once."""
    for title, table in _settings(inputs.folder):
        with inputs.progress.task(f"predict: {title}"):
            _measure(title, table)


def _settings(folder: Path) -> Iterator[tuple[str, pa.Table]]:
    """2zone-cw in Chicago with flat servers, as telemetry."""
    often = PlantOptions(model="2zone-cw", servers="flat", start="06-01", days=30, step_minutes=5)
    yield "5 minutes, random set-points, 30 days", run_plant(often, random_actions(often.steps, _SEED))
    hourly = PlantOptions(model="2zone-cw", servers="flat", step_minutes=60)
    yield "60 minutes, the model's own control, a year; the load repeats every 28 days", run_plant(hourly, Default())
    slow = folder / "slow.csv"
    slow.write_text("load\n" + "".join(f"{value}\n" for value in read_load("google2019").values))
    once = hourly.model_copy(update={"load": str(slow), "load_minutes": 60, "days": _DAYS_OF_LOAD})
    yield (
        "60 minutes, the model's own control, 336 days; the load slowed down, so that none repeats",
        run_plant(once, Default()),
    )


def random_actions(steps: int, seed: int) -> Replay:
    """Set-points that are drawn anew at random steps, each for itself."""
    generator = np.random.default_rng(seed)
    drawn = {}
    for name, (low, high) in _DRAWN.items():
        values, anew = generator.uniform(low, high, steps), generator.random(steps) < 1 / _HELD_STEPS
        drawn[name] = values[np.maximum.accumulate(np.where(anew, np.arange(steps), 0))]
    return Replay(tuple(Action(**{name: float(drawn[name][step]) for name in drawn}) for step in range(steps)))


def _measure(title: str, table: pa.Table) -> None:
    series, config = series_of_table(table), PredictConfig()
    layout = layout_of(series, config)
    train, validation, test = (windows_of(series, layout, split) for split in range(3))
    keras.utils.set_random_seed(_SEED)
    start = time.process_time()
    model = train_predictor(layout, (train, validation), config, _SEED)
    seconds = time.process_time() - start
    predicted = predict(model, test)
    found = {"ours": _Found(predicted[..., 1], seconds)}
    for name, estimator in _ESTIMATORS.items():
        found[f"ours, {name}"] = _timed(partial(_by_estimator, series, config, estimator))
    peers = peers_of(feature_model(layout, train, config), (train, validation, test), thorough=True, seed=_SEED)
    for name, peer in PEERS.items():
        found[name] = _timed(partial(peer, peers))
    _show(title, found, test)
    held = intervals(predicted, test.truth)
    note(f"intervals of {config.coverage:.0%}: " + ", ".join(f"{name} {value:.3f}" for name, value in held.items()))


def _timed(work: Callable[[], NDArray[np.float64]]) -> _Found:
    start = time.process_time()
    middle = work()
    return _Found(middle, time.process_time() - start)


def _boosted_trees(columns: Any, folder: str) -> Any:
    config = RunConfig(tf_random_seed=_SEED)
    return BoostedTreesRegressor(
        columns, 1, folder, n_trees=300, learning_rate=0.05, train_in_memory=True, config=config
    )


def _network(columns: Any, folder: str) -> Any:
    optimizer = keras.optimizers.Adam(1e-3)
    return DNNRegressor(
        [128, 128], columns, folder, optimizer=optimizer, config=RunConfig(tf_random_seed=_SEED), dropout=0.1
    )


_ESTIMATORS = {"BoostedTreesRegressor": _boosted_trees, "DNNRegressor": _network}


def _by_estimator(series: Series, config: PredictConfig, made: Callable[[Any, str], Any]) -> NDArray[np.float64]:
    """An estimator for each lead and target."""
    layout = layout_of(series, config)
    leads = ("step", "hour")[: len(layout.leads)]
    found = []
    for lead, target in product(leads, TARGETS):
        data = estimator_inputs(series, target, lead, config)
        with TemporaryDirectory() as folder:
            estimator = made(data.columns, folder)
            if made is _boosted_trees:
                estimator.train(data.input_fn("train", batch=len(data.labels["train"]), epochs=1))
            else:
                estimator.train(data.input_fn("train"), steps=_ESTIMATOR_STEPS)
            rows = estimator.predict(data.input_fn("test", epochs=1))
            found.append(data.values("test", [row["predictions"][0] for row in rows]))
    return np.stack(found, axis=1).reshape(-1, len(leads), len(TARGETS))


def _show(title: str, found: dict[str, _Found], test: Windows) -> None:
    means = test.truth.mean(axis=(0, 1))
    rows = []
    for name, one in found.items():
        figures = errors(one.middle, test.truth)
        shown = [
            f"{figures[metric]:.4f} ({figures[metric] / means[int(metric.startswith('power'))]:.2%})"
            for metric in _METRICS
        ]
        rows.append([name, *shown, f"{one.cpu_seconds:.0f}"])
    show(f"2zone-cw, {title}: MAE on test, and of the mean", ["system", *_METRICS, "CPU-seconds"], rows)
