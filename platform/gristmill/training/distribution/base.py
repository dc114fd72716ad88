"""A way to train on several devices or in several processes, as the training step and the loop see it."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    import keras

    from gristmill.training.step import Group, Step

__all__ = ["Distribution", "current"]


class Distribution:
    """Trains on one device in one process; the others override what they do otherwise.

    Models are made, and trained, inside `with distribution.scope():`.

    Attributes:
        name: How it is named, such as `mirrored:2`.
        replicas: Parts into which each batch is split.
        is_chief: Whether this process saves, judges and tells.
        is_spread: Whether other processes run the same loop and must decide alike.
    """

    name = "single"
    replicas = 1
    is_chief = True
    is_spread = False

    def scope(self) -> AbstractContextManager[None]:
        """Where models are made and trained."""
        return self._active()

    @contextmanager
    def _active(self) -> Iterator[None]:
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)

    def arranged(self, groups: "Sequence[Group]", model: "keras.Model | None") -> "Sequence[Group]":
        """The variables that are trained in place of those of a new step, before its optimizers know them."""
        return groups

    def ready(self, step: "Step") -> Any:
        """A step as the loop runs it."""
        return step

    def check(self, batch: Any) -> None:
        """Refuses a whole batch that cannot be split."""

    def gradients(self, step: "Step", batch: Any) -> tuple[tf.Tensor, list[Any]]:
        """The mean loss and the mean gradients of a batch."""
        return step.gradients(batch)

    def share(self, data: bytes) -> bytes:
        """What the chief gives here, in every process."""
        return data

    def watched(self) -> AbstractContextManager[None]:
        """Runs the loop; the loss of another process is told as what it is."""
        return nullcontext()

    def finish(self, step: Any) -> None:
        """Puts trained variables back into the model, which is as it was before but for its weights."""

    def close(self) -> None:
        """Ends what was started."""


_CURRENT: ContextVar[Distribution] = ContextVar("distribution", default=Distribution())  # noqa: B039, never changed


def current() -> Distribution:
    """The distribution of the scope that we are in."""
    return _CURRENT.get()
