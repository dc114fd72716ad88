"""One model over several devices: large weights are split between them, and layers are put where the user says."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from gristmill.errors import InputError
from gristmill.training.distribution.split import Placed, SplitModel
from gristmill.training.spread import Distribution

__all__ = ["ModelParallel", "SPLIT"]

SPLIT = "split"
_LARGE = 2**16
"""Elements from which on a weight is split."""


class ModelParallel(Distribution):
    """Synchronous: a step is the step of one device but for the order in which numbers are added.

    A split weight is cut along its last axis; its parts, and what the optimizer keeps of them, stand on one device each. A
    `Dense` or `Embedding` layer computes each part of its output where that part of its weight is; another layer gets the
    weight put together for the time of the step.

    Args:
        devices: Names of the devices, such as `/GPU:0`.
        placement: By a pattern of layers' names (`re.fullmatch`), the number of the device that a layer stands on, or
            `split`; the first that fits. Weights of other layers are split from 65,536 elements on; where no weight is, the
            largest matrix; what is left stands on the first device.

    Raises:
        InputError: A placement is neither `split` nor the number of a device.
    """

    name = "model-parallel"
    compiles = False

    def __init__(self, devices: Sequence[str], placement: Mapping[str, int | str] | None = None) -> None:
        self.devices, self.placement = tuple(devices), dict(placement or {})
        for pattern, place in self.placement.items():
            if place != SPLIT and not (isinstance(place, int) and 0 <= place < len(self.devices)):
                raise InputError(
                    f"a layer must be placed on a device from 0 to {len(self.devices) - 1}, or `{SPLIT}`. "
                    f"Received: {place!r} for {pattern!r}"
                )

    def spread(self, model: keras.Model) -> SplitModel:
        """The model with its weights on these devices.

        Raises:
            InputError: A pattern fits no layer with weights.
        """
        layers = _owners(model)
        for pattern in self.placement:
            if not any(re.fullmatch(pattern, layer.name) for layer in layers):
                have = ", ".join(layer.name for layer in layers) or "none"
                raise InputError(f"a placement must fit a layer with weights. Received: {pattern!r}; layers: {have}")
        chosen = {id(weight): self._chosen(layer, weight) for layer in layers for weight in layer.trainable_variables}
        matrices = [weight for weight in model.trainable_variables if len(weight.shape) > 1]
        if not self.placement and matrices and SPLIT not in chosen.values():
            chosen[id(max(matrices, key=_elements))] = SPLIT
        return SplitModel(
            model, [self._placed(weight, chosen.get(id(weight), 0)) for weight in model.trainable_variables]
        )

    def _chosen(self, layer: keras.Layer, weight: Any) -> int | str:
        for pattern, place in self.placement.items():
            if re.fullmatch(pattern, layer.name):
                return place
        return SPLIT if len(weight.shape) > 1 and _elements(weight) >= _LARGE else 0

    def _placed(self, weight: Any, place: int | str) -> Placed:
        if isinstance(place, int) or not weight.shape:
            return Placed(weight, [self.devices[place if isinstance(place, int) else 0]])
        return Placed(weight, self.devices[: weight.shape[-1]])


def _owners(model: Any) -> list[keras.Layer]:
    """The layers that have weights, those in layers included, the inner ones first."""
    found: list[keras.Layer] = []
    for layer in model._flatten_layers(include_self=False):
        if layer.trainable_variables:
            found.append(layer)
    return sorted(found, key=lambda layer: len(layer.trainable_variables))


def _elements(weight: Any) -> int:
    return int(tf.TensorShape(weight.shape).num_elements() or 0)
