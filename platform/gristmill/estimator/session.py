"""What hooks are given in place of a session: it reads values of the model and saves checkpoints."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.hooks.fetches import flatten, pack
from gristmill.estimator.tracing import Trace

__all__ = ["ModelSession"]


class ModelSession:
    """Reads named values between steps.

    Args:
        trace: The traced model function.
        last_loss: Gives the loss of the last step.
        save: Writes a checkpoint of a step and gives its name; None where nothing is trained.
    """

    def __init__(
        self, trace: Trace, last_loss: Callable[[], Any] = lambda: None, save: Callable[[int], str] | None = None
    ) -> None:
        self._trace, self._last_loss, self._save = trace, last_loss, save

    @property
    def graph(self) -> Any:
        """The model's graph."""
        return self._trace.graph

    @property
    def variables(self) -> dict[str, Any]:
        """The model's variables by their names in a checkpoint."""
        return self._trace.variables

    def resolve(self, fetch: Any) -> Any:
        """The tensor, operation or variable that a name stands for; others as they are."""
        return self._trace.element(fetch) if isinstance(fetch, str) else fetch

    def run(self, fetches: Any, feed_dict: Any = None) -> Any:
        """The values of a structure of names, variables and tensors that need no batch.

        Raises:
            ArgumentError: A value needs a batch (fetch it in `before_run`), or `feed_dict` is given.
        """
        if feed_dict:
            raise ArgumentError("feed_dict must be None: batches come from input_fn. Received: values to feed")
        with tf.init_scope():
            return pack(fetches, [self._value(fetch) for fetch in flatten(fetches)])

    def save(self, step: int) -> str:
        """Writes the checkpoint of a step; gives its name.

        Raises:
            ArgumentError: Nothing is trained.
        """
        if self._save is None:
            raise ArgumentError("a checkpoint can be saved in training only. Received: evaluation or prediction")
        return self._save(step)

    def _value(self, fetch: Any) -> Any:
        if isinstance(fetch, str) and fetch.removesuffix(":0") == "loss":
            return self._last_loss()
        element = self.resolve(fetch)
        if hasattr(element, "numpy"):
            return element.numpy()
        try:
            value = self._trace.alone(element)
        except (ValueError, TypeError) as error:
            raise ArgumentError(
                f"a value that needs a batch must be fetched in before_run. Received: {fetch!r}"
            ) from error
        return value.numpy() if hasattr(value, "numpy") else value
