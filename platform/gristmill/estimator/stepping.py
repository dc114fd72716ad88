"""A traced training step as the training loop runs it: one by one with what hooks fetch, or many in one call."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.tracing import Trace
from gristmill.training.spread import Distribution

__all__ = ["GraphStep"]


class GraphStep:
    """Runs the steps of a trace.

    Args:
        trace: The traced model function.
        stops: Whether a call ends after a loss that is not finite.
        distribution: Processes that share each step; None for this one.

    Attributes:
        trace: The traced model function.
        fetches: What the next step gives beside its loss: tensors, operations and variables; where there are none, several
            steps are run in one call.
        fetched: What the last step gave for them.
        last_loss: The loss of the last step.
    """

    def __init__(self, trace: Trace, stops: bool = True, distribution: Distribution | None = None) -> None:
        self.trace = trace
        self._goes_on = tf.constant(not stops)
        self.fetches: Sequence[Any] = ()
        self.fetched: list[Any] = []
        self.last_loss: Any = None
        self.state: list[Any] = []
        self.variables: list[Any] = []
        self.stopped: int | None = None
        self.distribution = Distribution()  # the loop's own part is done by each process for itself
        self._all_have = (distribution or self.distribution).all_true()
        self._ended = False
        self._functions: dict[tuple[int, ...], Any] = {}
        self._loss = trace.function([trace.loss])
        self._block: Any = None

    def several(self, batches: Iterator[Any], most: int) -> list[Any]:
        """Runs up to so many steps; gives their losses."""
        self.fetched = []
        losses = self._one(batches) if self.fetches or most == 1 else self._many(batches, tf.constant(most))
        if len(losses):
            self.last_loss = losses[-1]
        self._ended = self._ended or len(losses) < (1 if self.fetches else most)
        return list(losses)

    def leave(self) -> None:
        """Tells the other processes, where they go on, that this one does not."""
        if not self._ended:
            self._all_have(tf.constant(False))

    def weights(self) -> list[Any]:
        """None: what is kept stands in the checkpoints."""
        return []

    live_weights = weights

    def assign(self, weights: Sequence[Any]) -> None:
        """Keeps what is there."""

    def fetching(self) -> tuple[list[Any], Callable[[Sequence[Any]], list[Any]]]:
        """What of `fetches` a step computes, and a function from that to what they are; variables are as before it."""
        places = [place for place, fetch in enumerate(self.fetches) if not isinstance(fetch, tf.Variable)]
        values: list[Any] = [f.numpy() if isinstance(f, tf.Variable) else None for f in self.fetches]

        def take(found: Sequence[Any]) -> list[Any]:
            for place, value in zip(places, found, strict=True):
                values[place] = None if value is None else _numpy(value)
            return values

        return [self.fetches[place] for place in places], take

    def _one(self, batches: Iterator[Any]) -> list[Any]:
        batch = next(batches, None)
        if not bool(self._all_have(tf.constant(batch is not None))) or batch is None:
            return []
        tensors, take = self.fetching()
        loss, *found = self.with_fetches(tensors)(*self.trace.flat(batch))
        self.fetched = take(found)
        return [loss.numpy()]

    def _many(self, batches: Any, most: Any) -> Any:
        if self._block is None:
            self._block = tf.function(self._several, autograph=False).get_concrete_function(batches, most)
        return self._block(batches, most).numpy()

    def with_fetches(self, tensors: Sequence[Any]) -> Any:
        """The step's function that also gives these tensors."""
        key = tuple(id(tensor) for tensor in tensors)
        if not key:
            return self._loss
        if key not in self._functions:
            if any(isinstance(tensor, tf.Tensor) and tensor.graph is not self.trace.graph for tensor in tensors):
                raise ArgumentError("what a hook fetches must be a tensor of the model function, a variable or a name")
            fetches = [self.trace.loss, *tensors]
            self._functions[key] = self.trace.function(fetches)
        return self._functions[key]

    def _several(self, batches: Any, most: Any) -> Any:
        dtype = self.trace.loss.dtype

        def more(done: Any, going: Any, losses: Any) -> Any:
            return going & (done < most)

        def one(done: Any, going: Any, losses: Any) -> Any:
            batch = batches.get_next_as_optional()
            there = self._all_have(batch.has_value())

            def run() -> Any:
                return self._loss(*tf.nest.flatten(batch.get_value(), expand_composites=True))[0]

            loss = tf.reshape(tf.cond(there, run, lambda: tf.constant(np.nan, dtype)), [])
            goes_on = there & (self._goes_on | tf.math.is_finite(loss))
            return done + tf.cast(there, tf.int32), goes_on, losses.write(done, loss)

        losses = tf.TensorArray(dtype, size=0, dynamic_size=True, clear_after_read=False)
        start = (tf.constant(0), tf.constant(True), losses)
        done, _, losses = tf.while_loop(more, one, start, parallel_iterations=1)
        return losses.stack()[:done]


def _numpy(value: Any) -> Any:
    return value.numpy() if tf.is_tensor(value) and hasattr(value, "numpy") else value
