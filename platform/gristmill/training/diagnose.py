"""What in a step was the first that is not finite."""

from typing import Any

import tensorflow as tf

from gristmill.training.names import stable_names
from gristmill.training.step import Step
from gristmill.training.values import dense, leaves, raw

__all__ = ["first_not_finite"]


def first_not_finite(step: Step, batches: tuple[Any, ...]) -> str:
    """Names the first tensor that holds NaN or infinity: in what a step reads, in what it computes, in its gradients.

    Args:
        step: A step that has stopped, so that its weights are those before the bad update.
        batches: What it was called with.
    """
    for batch in batches:
        for name, value in leaves(batch, ""):
            if not _finite(value):
                return f"the input {name or 'batch'} holds {_what(value)}"
    names = stable_names(step.variables)
    for name, variable in zip(names, step.variables, strict=True):
        if not _finite(raw(variable)):
            return f"the weight `{name}` holds {_what(raw(variable))}, from the update before"
    for batch in batches:
        loss, gradients = step.gradients(batch)
        if not _finite(loss):
            return f"the loss is {_what(loss)}, from finite inputs and weights"
        for name, gradient in zip(names, gradients, strict=True):
            if gradient is not None and not _finite(gradient):
                return f"the gradient of `{name}` holds {_what(gradient)}, from a finite loss"
    return "nothing that is so when the step is computed again"


def _finite(value: Any) -> bool:
    numbers = dense(value)
    return not numbers.dtype.is_floating or bool(tf.reduce_all(tf.math.is_finite(numbers)))


def _what(value: Any) -> str:
    return "NaN" if bool(tf.reduce_any(tf.math.is_nan(dense(value)))) else "infinity"
