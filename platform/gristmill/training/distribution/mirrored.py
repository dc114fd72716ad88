"""Several devices of one process: each computes a part of every batch."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from gristmill.training.distribution.parts import added, part_of, scaled
from gristmill.training.spread import Distribution, Gradients

__all__ = ["Mirrored"]


class Mirrored(Distribution):
    """Synchronous: a step is the step of one device but for the order in which numbers are added.

    The weights stand on the first device; each step reads them on every other and adds the gradients up there. Where
    layers draw random numbers, each part draws others; moving statistics are updated by one part after the other.

    Args:
        devices: Names of the devices, such as `/GPU:0`.
    """

    name = "mirrored"
    compiles = False

    def __init__(self, devices: Sequence[str]) -> None:
        self.devices = tuple(devices)
        self.replicas = len(self.devices)

    def gradients(self, compute: Callable[[Any], Gradients], batch: Any) -> Gradients:
        """Each device's by its examples, so that their sum is that of the whole batch."""
        losses, gradients = [], []
        for place, device in enumerate(self.devices):
            with tf.device(device):
                part, share = part_of(batch, place, self.replicas)
                loss, own = compute(part)
                losses.append(scaled(loss, share))
                gradients.append([scaled(gradient, share) for gradient in own])
        with tf.device(self.devices[0]):
            return tf.add_n(losses), [added(column) for column in zip(*gradients, strict=True)]
