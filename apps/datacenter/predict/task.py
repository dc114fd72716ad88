"""The predictor as a task of the app: trained, judged beside its peers, and exported."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from apps.datacenter.config import PredictConfig
from apps.datacenter.predict.calibration import predict
from apps.datacenter.predict.layout import Layout, layout_of
from apps.datacenter.predict.measures import errors, intervals
from apps.datacenter.predict.model import OUTPUTS, Predictor
from apps.datacenter.predict.peers import PEERS, peers_of
from apps.datacenter.predict.series import Series, series_of_dataset
from apps.datacenter.predict.training import feature_model, train_predictor
from apps.datacenter.predict.windows import Windows, windows_of
from gristmill.app import Outputs, Work
from gristmill.data.dataset import Dataset
from gristmill.data.plan import SPLITS
from gristmill.lite import Signature

__all__ = [
    "Prepared",
    "agreement",
    "assets",
    "baselines",
    "evaluate",
    "fit",
    "load_predictor",
    "prepare",
    "requests",
    "score",
    "signature",
]

_REQUESTS = 300
_ALIKE = 0.1
"""Of an interval's width: two middles that are closer say the same."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A dataset as the predictor reads it."""

    series: Series
    layout: Layout

    def windows(self, split: str) -> Windows:
        """The windows of a split."""
        return windows_of(self.series, self.layout, SPLITS.index(split))


def prepare(work: Work) -> Prepared:
    """The dataset of a task; the last one is kept."""
    return _prepare(work.dataset, work.config.predict)


@lru_cache(maxsize=1)
def _prepare(dataset: Dataset, config: PredictConfig) -> Prepared:
    series = series_of_dataset(dataset)
    return Prepared(series, layout_of(series, config))


def fit(work: Work) -> keras.Model:
    """Trains; the error on validation chooses the epoch."""
    data = prepare(work)
    windows = (data.windows("train"), data.windows("validation"))
    layout = data.layout
    work.progress.line(
        f"predict: reads {len(layout.sensors)} sensors and {len(layout.set_points)} set-points, leaves out "
        f"{len(layout.left_out)} columns; {len(windows[0]):,} windows, {windows[0].dropped:,} without the powers left out, "
        f"{int(np.isnan(windows[0].past).sum()):,} missing values filled in"
    )
    return train_predictor(layout, windows, work.config.predict, work.seed, **work.training("predict"))


def evaluate(model: keras.Model, work: Work, split: str) -> dict[str, float]:
    """Mean absolute errors, coverage and width of the intervals on a split."""
    windows = prepare(work).windows(split)
    predicted = predict(model, windows)
    return errors(predicted[..., 1], windows.truth) | intervals(predicted, windows.truth)


def baselines(work: Work, split: str) -> dict[str, dict[str, float]]:
    """Peers on the same features; see `apps.datacenter.predict.peers`."""
    data = prepare(work)
    parts = (data.windows("train"), data.windows("validation"), data.windows(split))
    keras.utils.set_random_seed(work.seed)
    peers = peers_of(feature_model(data.layout, parts[0], work.config.predict), parts, thorough=False, seed=work.seed)
    return {name: errors(peer(peers), parts[2].truth) for name, peer in PEERS.items()}


def signature(model: keras.Model, work: Work) -> Signature:
    """`predict`: one window in its own units in, PUE and power with their intervals out."""
    layout = prepare(work).layout
    inputs: dict[str, tuple[tuple[int, ...], str]] = {
        "past": ((1, layout.window, len(layout.columns)), "float32"),
        "calendar": ((1, 2), "float32"),
    }
    if layout.set_points:
        inputs["planned"] = ((1, layout.ahead, len(layout.set_points)), "float32")

    def run(**given: Any) -> Mapping[str, Any]:
        return model(given, training=False)

    return Signature("predict", run, inputs)


def assets(work: Work) -> dict[str, bytes]:
    """`layout.json`: sensors, set-points and lengths; `signature.json`: how to call the file."""
    layout = prepare(work).layout
    use = {
        "signature": "predict",
        "past": f"the last {layout.window} steps, oldest first, of the columns of layout.json; NaN where missing",
        "planned": f"set-points of the coming {layout.ahead} steps, in the order of layout.json",
        "calendar": "hour of the day and day of the week (0 is Monday) at which the next step begins, UTC, with fractions",
        "leads": list(layout.leads),
        "pue": "for each lead low, middle and high",
        "power_kw": "for each lead low, middle and high, kW",
        "coverage": work.config.predict.coverage,
    }
    return {
        "layout.json": json.dumps(layout.to_json(), indent=1).encode(),
        "signature.json": json.dumps(use, indent=1).encode(),
    }


def requests(work: Work, split: str) -> list[dict[str, Any]]:
    """Windows of a split at even distances, one a call."""
    windows = prepare(work).windows(split)
    return [windows.inputs(slice(row, row + 1)) for row in _asked(windows)]


def _asked(windows: Windows) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, len(windows) - 1, _REQUESTS).round().astype(np.int64))


def score(outputs: Sequence[Outputs], work: Work, split: str) -> dict[str, float]:
    """Metrics of the exported function."""
    windows = prepare(work).windows(split)
    truth = windows.truth[_asked(windows)]
    predicted = _stacked(outputs)
    return errors(predicted[..., 1], truth) | intervals(predicted, truth)


def agreement(reference: Sequence[Outputs], outputs: Sequence[Outputs]) -> float:
    """Share of predictions that are within a tenth of the interval's width of each other."""
    first, second = _stacked(reference), _stacked(outputs)
    width = first[..., 2] - first[..., 0]
    return float((np.abs(first[..., 1] - second[..., 1]) <= _ALIKE * width).mean())


def _stacked(outputs: Sequence[Outputs]) -> NDArray[np.float64]:
    """`[window, lead, target, 3]`."""
    found = [np.stack([output[name][0] for name in OUTPUTS], axis=1) for output in outputs]
    return np.stack(found).astype(np.float64)


def load_predictor(path: Path) -> Predictor:
    """The predictor of a run: the file `predict.keras` in its folder."""
    return keras.saving.load_model(path, compile=False)
