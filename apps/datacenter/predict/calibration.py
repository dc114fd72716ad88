"""How networks and trees are mixed, and how wide the intervals are: both from what validation shows."""

import math

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from apps.datacenter.predict.model import OUTPUTS, Predictor
from apps.datacenter.predict.windows import Windows

__all__ = ["calibrate", "conformal_margin", "predict"]

_BLENDS = np.linspace(0, 1, 21)
_TOGETHER = 1 << 12


def predict(model: Predictor, windows: Windows) -> NDArray[np.float64]:
    """Low, middle and high of every window, `[window, lead, target, 3]`."""
    made = []
    for start in range(0, len(windows), _TOGETHER):
        inputs = windows.inputs(slice(start, start + _TOGETHER))
        found = model({name: tf.constant(values) for name, values in inputs.items()})
        made.append(np.stack([found[name].numpy() for name in OUTPUTS], axis=2))
    return np.concatenate(made).astype(np.float64)


def calibrate(model: Predictor, windows: Windows, coverage: float) -> None:
    """Sets the networks' share in the blend and then the margin of the intervals, for each lead and target.

    Args:
        model: Trained.
        windows: Of the validation split.
        coverage: Share of the truth that the intervals are to hold.
    """
    sides = []
    for share in (0.0, 1.0):
        model.blend.assign(np.full(model.blend.shape, share))
        sides.append(predict(model, windows)[..., 1])
    errors = [np.abs((1 - share) * sides[0] + share * sides[1] - windows.truth).mean(axis=0) for share in _BLENDS]
    model.blend.assign(_BLENDS[np.argmin(errors, axis=0)])
    model.margin.assign(np.zeros(model.margin.shape))
    low, _, high = np.moveaxis(predict(model, windows), -1, 0)
    model.margin.assign(conformal_margin(low, high, windows.truth, coverage) / model.scale.numpy())


def conformal_margin(
    low: NDArray[np.float64], high: NDArray[np.float64], truth: NDArray[np.float64], coverage: float
) -> NDArray[np.float64]:
    """By how much to widen intervals so that they hold a share of the truth; negative where they may be narrower.

    Source: conformalized quantile regression, Romano et al. 2019, https://arxiv.org/abs/1905.03222.

    Args:
        low: Lower ends [row, ...].
        high: Upper ends.
        truth: What came.
        coverage: The share, 0 to 1.

    Returns:
        [...]
    """
    outside = np.sort(np.maximum(low - truth, truth - high), axis=0)
    rank = min(len(outside), math.ceil(coverage * (len(outside) + 1)))
    return outside[rank - 1]
