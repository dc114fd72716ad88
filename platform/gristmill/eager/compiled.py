"""A training loop as a record, which runs compiled, and which `eager.steps` runs step by step."""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from gristmill.eager.record import LayerOutput, StepRecord
from gristmill.eager.target import Target, checked, target
from gristmill.eager.values import as_tensors
from gristmill.errors import WorkError
from gristmill.training import Step
from gristmill.training.diagnose import first_not_finite

__all__ = ["Compiled", "compiled", "norms", "rates_of", "recorded"]


@dataclass(frozen=True)
class Compiled:
    """What is trained on what; iterating trains, compiled, and gives a `StepRecord` a step, without layers' outputs."""

    model: Any
    data: Iterable[Any]
    loss: Any = None
    optimizer: Any = None

    def __post_init__(self) -> None:
        checked(self.model, self.loss, self.optimizer)

    def __iter__(self) -> Iterator[StepRecord]:
        """Trains on each batch.

        Raises:
            WorkError: The loss is not finite.
        """
        trained: Target | None = None
        for number, batch in enumerate(map(as_tensors, self.data), 1):
            start = time.monotonic()
            if trained is None:
                trained = target(self.model, self.loss, self.optimizer, batch)
                update = tf.function(_update(trained.step), reduce_retracing=True)
            rates = rates_of(trained)
            loss, found = update(batch)
            if trained.step.stopped is not None:
                raise WorkError(
                    f"the loss must be finite. Received: {float(loss)} at step {number}: "
                    f"{first_not_finite(trained.step, (batch,))}; `eager.steps` tells the layer"
                )
            yield recorded(trained, number, loss, found, rates, start)


def compiled(model: Any, data: Iterable[Any], *, loss: Any = None, optimizer: Any = None) -> Compiled:
    """A training loop that runs compiled, or step by step where it is given to `eager.steps`.

    Args:
        model: A compiled Keras model; any other with `loss` and `optimizer`; a `gristmill.training.Step`; or an estimator.
        data: Batches as the model takes them: `(x, y)` or `(x, y, sample_weight)` for a Keras model.
        loss: Of a Keras model, by name or as Keras takes it; wins over that of a compiled one.
        optimizer: Of a Keras model, in the same way.

    Raises:
        InputError: The model is none of these, or has no loss or optimizer.
    """
    return Compiled(model, data, loss, optimizer)


def norms(gradients: Sequence[Any]) -> list[tf.Tensor | None]:
    """The Euclidean norm of each gradient, as a float32 scalar; None for None."""
    return [None if g is None else tf.norm(tf.cast(tf.convert_to_tensor(g), tf.float32)) for g in gradients]


def recorded(
    trained: Target,
    number: int,
    loss: tf.Tensor,
    found: Sequence[Any],
    rates: tuple[float, ...],
    start: float,
    outputs: Sequence[LayerOutput] = (),
) -> StepRecord:
    """The record of a step that began at `start` and found these norms."""
    named = {name: float(norm) for name, norm in zip(trained.names, found, strict=True) if norm is not None}
    total, seconds = math.hypot(*named.values()), time.monotonic() - start
    return StepRecord(number, float(loss), named, total, rates, seconds, tuple(outputs))


def _update(step: Step) -> Any:
    def update(batch: Any) -> tuple[tf.Tensor, list[Any]]:
        loss, gradients = step.gradients(batch)
        return step.apply(loss, gradients), norms(gradients)

    return update


def rates_of(trained: Target) -> tuple[float, ...]:
    """The learning rate of each optimizer, for the next step."""
    return tuple(float(optimizer.learning_rate) for optimizer in trained.optimizers)
