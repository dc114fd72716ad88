"""Synchronous training: each batch is split over replicas, and the mean of all their gradients makes one update."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from gristmill.errors import InputError
from gristmill.training.distribution.base import Distribution
from gristmill.training.distribution.parts import part_of, rows_of
from gristmill.training.distribution.replica_state import ReplicaState

if TYPE_CHECKING:
    from gristmill.training.step import Step

__all__ = ["DataParallel", "Mirrored"]


class DataParallel(Distribution):
    """Splits each batch over the devices of all processes.

    The loss of a part counts by its rows (or `count` of the step), so that the weights are those of a single process up
    to the order in which float numbers are added, whatever the parts' sizes. That holds where the loss is a mean over
    rows; normalization by batch statistics sees a replica's rows only, and dropout has each replica's own numbers.

    Args:
        name: Its name.
        devices: This process's.
        first: Replicas in the processes before this one.
        replicas: Replicas in all.
    """

    def __init__(self, name: str, devices: Sequence[str | None], first: int, replicas: int) -> None:
        self.name, self.replicas = name, replicas
        self._devices, self._first = devices, first

    def ready(self, step: "Step") -> "Step":
        """The step, with its gradients from all replicas."""
        step.distribute(self)
        return step

    def check(self, batch: Any) -> None:
        """Refuses a batch of fewer rows than there are replicas.

        Raises:
            InputError: It has.
        """
        rows = int(rows_of(batch))
        if rows < self.replicas:
            raise InputError(
                f"a batch must have a row for each replica of `{self.name}`, {self.replicas}. Received: {rows} rows"
            )

    def gradients(self, step: "Step", batch: Any) -> tuple[tf.Tensor, list[Any]]:
        """The mean loss and the mean gradients over all replicas."""
        state = ReplicaState(step.state)
        sums: list[Any] = []
        for place, device in enumerate(self._devices):
            with tf.device(device):
                part = self._part(step, batch, state, self._first + place)
            sums = part if not sums else [_plus(one, other) for one, other in zip(sums, part, strict=True)]
        weight, loss, *means = self._mean(self._reduced(sums))
        del weight
        gradients = means[: len(step.variables)]
        state.mix(means[len(step.variables) :])
        return loss, gradients

    def _part(self, step: "Step", batch: Any, state: ReplicaState, rank: int) -> list[Any]:
        """A replica's weight, and its loss, gradients and state times that."""
        own, there = part_of(batch, rank, self.replicas)
        state.enter(rank)
        loss, gradients = step.part_gradients(own)
        left = state.leave(rank)
        weight = tf.cast(step.count(own), tf.float32) * there
        return [weight, *(_times(value, weight) for value in (loss, *gradients, *left))]

    def _reduced(self, sums: list[Any]) -> list[Any]:
        """The sums over all processes."""
        return sums

    def _mean(self, sums: list[Any]) -> list[Any]:
        weight, *values = sums
        return [weight, *(None if value is None else value / tf.cast(weight, value.dtype) for value in values)]


class Mirrored(DataParallel):
    """Replicas on the devices of one process; the weights stand once, and each replica reads them.

    Args:
        name: Its name.
        devices: A replica each.
    """

    def __init__(self, name: str, devices: Sequence[str | None]) -> None:
        super().__init__(name, devices, 0, len(devices))


def _times(value: Any, weight: tf.Tensor) -> Any:
    return None if value is None else tf.convert_to_tensor(value) * tf.cast(weight, value.dtype)


def _plus(one: Any, other: Any) -> Any:
    return None if one is None else one + other
