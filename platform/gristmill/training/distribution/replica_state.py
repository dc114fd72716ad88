"""What a replica changes beside gradients: moving statistics, seeds of dropout and counts."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from gristmill.training.names import path_of
from gristmill.training.values import raw

__all__ = ["ReplicaState"]

_APART = 1_000_003
"""Between the seeds of two replicas."""


class ReplicaState:
    """The state before a step, from which each replica starts, and what all leave.

    Seeds: replica r draws from the common seed plus r times a number, so that each has its own random numbers, the same
    whether replicas are devices or processes; what stays is the common seed, moved on once. Other numbers with fractions,
    such as the moving statistics of normalization, become the mean of the replicas' by weight. Whole numbers stay as the
    last replica of a process left them.

    Args:
        variables: The state of a step.
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        self._seeds = [raw(one) for one in variables if _is_seed(one)]
        self._mixed = [raw(one) for one in variables if raw(one).dtype.is_floating]
        self._before = [tf.identity(one) for one in self._mixed]
        self._seed = [tf.identity(one) for one in self._seeds]

    def enter(self, rank: int) -> None:
        """Begins a replica."""
        for variable, value in zip(self._mixed, self._before, strict=True):
            variable.assign(value)
        for variable, value in zip(self._seeds, self._seed, strict=True):
            variable.assign(value + _shift(value, rank))

    def leave(self, rank: int) -> list[tf.Tensor]:
        """Ends a replica; gives what is to be mixed."""
        for variable in self._seeds:
            variable.assign_sub(_shift(variable, rank))
        return [tf.identity(one) for one in self._mixed]

    def mix(self, values: Sequence[tf.Tensor]) -> None:
        """Takes the mean over all replicas."""
        for variable, value in zip(self._mixed, values, strict=True):
            variable.assign(value)


def _is_seed(variable: Any) -> bool:
    return path_of(variable).endswith("seed_generator_state") and raw(variable).dtype.is_integer


def _shift(seed: Any, rank: int) -> tf.Tensor:
    """[shift, 0] for a seed, which is [seed, draws]."""
    return tf.one_hot(0, seed.shape[0], tf.constant(rank * _APART, seed.dtype), tf.constant(0, seed.dtype))
