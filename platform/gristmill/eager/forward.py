"""The loss and the gradients of one batch, step by step, each value checked."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gristmill.eager.found import refused
from gristmill.eager.hook import heard
from gristmill.eager.target import Target
from gristmill.eager.values import bad
from gristmill.eager.watch import Watcher
from gristmill.training.values import leaves

__all__ = ["computed", "spoilt"]


def spoilt(batch: Any) -> str:
    """Tells of the first part of a batch that is not finite."""
    wrong = ((name, bad(value)) for name, value in leaves(batch, "batch"))
    return next((f"the input `{name}` must be finite. Received: {text}" for name, text in wrong if text), "")


def computed(trained: Target, watcher: Watcher, batch: Any, rewind: Callable[[], None]) -> tuple[tf.Tensor, list[Any]]:
    """Loss and gradients of a batch, checked; where they are bad, seeds and statistics are as before."""
    try:
        with heard(watcher):
            return _watched(trained, watcher, batch)
    except BaseException:
        rewind()
        raise


def _watched(trained: Target, watcher: Watcher, batch: Any) -> tuple[tf.Tensor, list[Any]]:
    step = trained.step

    def run() -> Any:
        return step.gradients(batch)

    with watcher.inside("", run):
        try:
            loss, gradients = run()
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            raise refused("the loss", batch, error) from error
    watcher.finite("the loss", loss, run, batch)
    for name, gradient in zip(trained.names, gradients, strict=True):
        if gradient is not None and not trained.scaled:
            watcher.gradient(name, gradient, run)
    return loss, gradients
