"""One training step: loss, gradients, and one optimizer for each group of variables, compiled as a whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from gristmill.errors import InputError

__all__ = ["Group", "Step"]


@dataclass(frozen=True)
class Group:
    """Variables that one optimizer trains."""

    optimizer: keras.optimizers.Optimizer
    variables: Sequence[keras.Variable]


class Step:
    """A compiled training step.

    Calling it with a batch applies one update and gives the loss as a scalar tensor, without waiting for it.

    Args:
        loss: Takes the batch, runs the model with `training=True`, and gives a scalar.
        groups: Which optimizer trains which variables; every variable stands in one group.
        jit_compile: Whether XLA compiles the step; batches must then keep their shapes.
        average: Decay of a moving average of all trained weights in [0, 1), or None for none. Step n uses no more than
            n / (n + 10), so that early weights do not linger.

    Raises:
        InputError: A variable stands in two groups, or one optimizer trains two.
    """

    def __init__(
        self,
        loss: Callable[..., tf.Tensor],
        groups: Sequence[Group],
        *,
        jit_compile: bool = False,
        average: float | None = None,
    ) -> None:
        self._loss = loss
        self._groups = [group for group in groups if group.variables]
        self.variables = [variable for group in self._groups for variable in group.variables]
        if len({id(variable) for variable in self.variables}) != len(self.variables):
            raise InputError("a variable must stand in one group only. Received: one that stands in several")
        if len({id(group.optimizer) for group in self._groups}) != len(self._groups):
            raise InputError("each group must have an optimizer of its own. Received: one that stands in several")
        for group in self._groups:
            group.optimizer.build(list(group.variables))
        self._average = average
        self._averages = [tf.Variable(v.value) for v in self.variables] if average is not None else []
        self._count = tf.Variable(0.0) if average is not None else None
        self._call = tf.function(self._update, jit_compile=jit_compile)

    def __call__(self, batch: Any) -> tf.Tensor:
        """Applies one update; gives the loss of the batch before it."""
        return self._call(batch)

    def _update(self, batch: Any) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = self._loss(batch)
        gradients = tape.gradient(loss, [variable.value for variable in self.variables])
        start = 0
        for group in self._groups:
            stop = start + len(group.variables)
            pairs = zip(gradients[start:stop], group.variables, strict=True)
            used = [(tf.convert_to_tensor(gradient), variable) for gradient, variable in pairs if gradient is not None]
            group.optimizer.apply([gradient for gradient, _ in used], [variable for _, variable in used])
            start = stop
        if self._average is not None and self._count is not None:
            self._count.assign_add(1.0)
            decay = tf.minimum(self._average, self._count / (self._count + 10.0))
            for mean, variable in zip(self._averages, self.variables, strict=True):
                mean.assign(mean * decay + variable.value * (1.0 - decay))
        return loss

    def weights(self) -> list[Any]:
        """The weights to judge and keep as arrays: their moving average where there is one."""
        if self._averages:
            return [mean.numpy() for mean in self._averages]
        return [variable.numpy() for variable in self.variables]

    def live_weights(self) -> list[Any]:
        """The weights that training goes on with, as arrays."""
        return [variable.numpy() for variable in self.variables]

    def assign(self, weights: Sequence[Any]) -> None:
        """Puts weights into the model."""
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)
