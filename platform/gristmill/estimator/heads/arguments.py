"""Checks of what a head is made with."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gristmill.estimator.errors import ArgumentError

__all__ = ["checked_loss_fn", "checked_reduction", "checked_thresholds", "checked_vocabulary", "loss_fn_arguments"]

_LOSS_ARGUMENTS = ("labels", "logits", "features", "loss_reduction")
_REDUCTIONS = ("auto", "sum", "sum_over_batch_size")


def checked_reduction(loss_reduction: str) -> str:
    """Gives a reduction on that makes one loss of a batch's.

    Raises:
        ArgumentError: It does not.
    """
    if loss_reduction not in _REDUCTIONS:
        raise ArgumentError(
            f"`loss_reduction` must be one of {_REDUCTIONS}. Received: loss_reduction={loss_reduction!r}"
        )
    return loss_reduction


def checked_thresholds(thresholds: Iterable[float] | None) -> tuple[float, ...]:
    """Gives thresholds of probabilities as a tuple.

    Raises:
        ArgumentError: One is not between 0 and 1.
    """
    found = tuple(thresholds) if thresholds else ()
    if not all(0 < threshold < 1 for threshold in found):
        raise ArgumentError(f"`thresholds` must lie in (0, 1). Received: thresholds={found}")
    return found


def checked_vocabulary(label_vocabulary: Any, n_classes: int) -> Sequence[str] | None:
    """Gives the names of the classes on, one per class.

    Raises:
        ArgumentError: They are no list or tuple of different strings, or not as many as the classes.
    """
    if label_vocabulary is None:
        return None
    if not isinstance(label_vocabulary, list | tuple):
        kind = type(label_vocabulary).__name__
        raise ArgumentError(f"`label_vocabulary` must be a list or a tuple. Received: {kind}")
    if len(label_vocabulary) != n_classes or len(set(label_vocabulary)) != n_classes:
        raise ArgumentError(
            f"`label_vocabulary` must hold {n_classes} different items, one per class. Received: {label_vocabulary}"
        )
    if not all(isinstance(word, str | bytes) for word in label_vocabulary):
        raise ArgumentError(f"`label_vocabulary` must hold strings. Received: {label_vocabulary}")
    return label_vocabulary


def checked_loss_fn(loss_fn: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """Gives a loss function on that takes `labels` and `logits`, and if it likes `features` and `loss_reduction`.

    Raises:
        ArgumentError: It lacks one of the first two, or takes others.
    """
    if loss_fn is None:
        return None
    names = loss_fn_arguments(loss_fn)
    if not {"labels", "logits"} <= set(names) <= set(_LOSS_ARGUMENTS):
        raise ArgumentError(
            "`loss_fn` must take the arguments labels and logits, and none but features and loss_reduction beside them. "
            f"Received a function of {', '.join(names) or 'none'}"
        )
    return loss_fn


def loss_fn_arguments(loss_fn: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the arguments that a function takes, without those that a partial has bound."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    bound = getattr(loss_fn, "keywords", {})
    parameters = inspect.signature(loss_fn).parameters.items()
    return tuple(name for name, one in parameters if one.kind in named and name not in bound)
