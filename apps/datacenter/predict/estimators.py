"""The same windows by the estimator API: feature columns, and input functions for each split."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from apps.datacenter.config import PredictConfig
from apps.datacenter.predict.features import feature_names
from apps.datacenter.predict.layout import layout_of
from apps.datacenter.predict.series import Series
from apps.datacenter.predict.training import changes_to_learn, feature_model, features_of
from apps.datacenter.predict.windows import TARGETS, windows_of
from gristmill.data.plan import SPLITS
from gristmill.errors import unknown_name
from gristmill.features import NumberColumn

__all__ = ["EstimatorInputs", "estimator_inputs"]

_LEADS = ("step", "hour")


@dataclass(frozen=True, eq=False)
class EstimatorInputs:
    """What an estimator of `gristmill.estimator` needs to learn one number.

        data = estimator_inputs(series_of_dataset(dataset), "pue", "hour")
        estimator = DNNRegressor([128, 128], data.columns)
        estimator.train(data.input_fn("train"), steps=2000)
        changes = [row["predictions"][0] for row in estimator.predict(data.input_fn("test", epochs=1))]
        pue = data.values("test", changes)

    Labels are changes against a base, in units of its mean absolute error; `values` turns predictions back.
    """

    columns: list[NumberColumn]
    features: dict[str, dict[str, NDArray[np.float32]]]
    """By split and name, each `[window]`."""
    labels: dict[str, NDArray[np.float32]]
    """By split, each `[window]`."""
    truth: dict[str, NDArray[np.float64]]
    """By split, PUE or kW, each `[window]`."""
    scale: float

    def input_fn(self, split: str, batch: int = 128, epochs: int | None = None, seed: int = 0) -> Callable[[], Any]:
        """An input function over a split.

        Args:
            split: `train`, `validation` or `test`.
            batch: Windows a batch.
            epochs: Times to go through it; without end where None, in an order that is drawn anew each time.
            seed: Of the order.
        """

        def batches() -> Any:
            data = tf.data.Dataset.from_tensor_slices((self.features[split], self.labels[split]))
            if epochs is None:
                return data.shuffle(len(self.labels[split]), seed=seed).repeat().batch(batch)
            return data.repeat(epochs).batch(batch)

        return batches

    def values(self, split: str, changes: Any) -> NDArray[np.float64]:
        """Predictions in the unit of the truth, `[window]`.

        Args:
            split: Whose predictions they are.
            changes: What the estimator predicts, `[window]`.
        """
        base = self.truth[split] - self.labels[split].astype(np.float64) * self.scale
        return base + np.asarray(changes, np.float64).reshape(-1) * self.scale


def estimator_inputs(
    series: Series, target: str = "pue", lead: str = "hour", config: PredictConfig | None = None
) -> EstimatorInputs:
    """Makes columns and input functions of a series.

    Args:
        series: See `series_of_dataset`.
        target: `pue` or `total_power_kw`.
        lead: `step` for the next step, `hour` for the one an hour later.
        config: Which columns to read.

    Raises:
        InputError: The target or the lead is not known.
    """
    for what, given, known in (("target", target, TARGETS), ("lead", lead, _LEADS)):
        if given not in known:
            raise unknown_name(what, given, known)
    config = config or PredictConfig()
    layout = layout_of(series, config)
    parts = {split: windows_of(series, layout, number) for number, split in enumerate(SPLITS)}
    model = feature_model(layout, parts["train"], config)
    row, column = min(_LEADS.index(lead), len(layout.leads) - 1), TARGETS.index(target)
    names = [re.sub(r"\W+", "_", name) for name in feature_names(layout)]
    features, labels, truth = {}, {}, {}
    for split, part in parts.items():
        features[split] = dict(zip(names, features_of(model, part)[0][:, row].T, strict=True))
        labels[split] = changes_to_learn(model, part)[:, row, column].astype(np.float32)
        truth[split] = part.truth[:, row, column]
    columns = [NumberColumn(name, 0.0, 1.0) for name in names]
    return EstimatorInputs(columns, features, labels, truth, float(model.scale.numpy()[row, column]))
