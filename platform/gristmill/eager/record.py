"""What is seen of a step: its loss, its gradients, and what its layers gave."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from gristmill.training.values import dense

__all__ = ["LayerOutput", "StepRecord", "seen"]


@dataclass(frozen=True)
class LayerOutput:
    """One tensor that a layer gave in a step."""

    layer: str
    """Its name, after those of the layers around it: `encoder/dense`; a part of several as `lstm[0]`."""
    shape: tuple[int | None, ...]
    dtype: str
    minimum: float | None
    """The smallest finite value, as `maximum` and `mean` are of the finite values; None where there is none."""
    maximum: float | None
    mean: float | None
    zeros: float
    """Share of values that are zero, in [0, 1]."""
    not_finite: int
    """Values that are NaN or infinite."""


@dataclass(frozen=True)
class StepRecord:
    """One step of training."""

    number: int
    """Counts from 1."""
    loss: float
    """Of the batch, before the update."""
    gradient_norms: Mapping[str, float]
    """Euclidean norm of each variable's gradient, before any clipping; variables that the loss does not use are left out."""
    global_norm: float
    """Norm of all gradients together."""
    learning_rates: tuple[float, ...]
    """Of each optimizer, in this step."""
    seconds: float
    outputs: tuple[LayerOutput, ...] = ()
    """Of the watched layers, in the order in which they ended."""

    @property
    def learning_rate(self) -> float:
        """Of the first optimizer; NaN where nothing is trained."""
        return self.learning_rates[0] if self.learning_rates else float("nan")


def seen(layer: str, value: Any) -> LayerOutput:
    """What there is to tell of a tensor of any shape; of text only shape and type."""
    numbers = dense(value)
    shape, dtype = tuple(value.shape), numbers.dtype
    if not (dtype.is_floating or dtype.is_integer or dtype.is_bool):
        return LayerOutput(layer, shape, dtype.name, None, None, None, 0.0, 0)
    flat = tf.cast(numbers, tf.float64).numpy().ravel()
    good = flat[np.isfinite(flat)]
    low, high, mean = (float(good.min()), float(good.max()), float(good.mean())) if good.size else (None, None, None)
    zeros = float(np.mean(flat == 0)) if flat.size else 0.0
    return LayerOutput(layer, shape, dtype.name, low, high, mean, zeros, flat.size - good.size)
