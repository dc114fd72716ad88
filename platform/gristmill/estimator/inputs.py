"""What an `input_fn` gives, as batches of features and labels, from any step on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from gristmill.errors import InputError
from gristmill.estimator.by_index import by_index
from gristmill.estimator.calls import call_with, check_arguments
from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.mode import ModeKeys

__all__ = ["InputFn", "Source", "batches_asked", "batches_of", "called", "training_source"]

_NONE = "input_fn must give at least one batch. Received: none"

InputFn = Callable[..., Any]
"""Gives a `tf.data.Dataset`, or tensors that are one batch; may take `mode`, `params`, `config` and `input_context`.

Or batches by epoch, such as `gristmill.data.batches.Batches`, which training takes epoch after epoch."""


@dataclass(frozen=True)
class Source:
    """Where training's batches come from.

    Attributes:
        structure: What a batch is, as TensorSpecs: `(features,)` or `(features, labels)`.
        give: The batches of an epoch from 0.
        epochs: How many epochs there are; None for no end.
    """

    structure: tuple[Any, ...]
    give: Callable[[int], "tf.data.Dataset"]
    epochs: int | None


def training_source(
    input_fn: InputFn,
    known: Mapping[str, Any],
    start: int,
    grouped: Callable[[Any], "tf.data.Dataset"] = lambda batches: batches,
) -> Source:
    """The batches to train on.

    Args:
        input_fn: See `InputFn`.
        known: The arguments that it may take.
        start: Steps that are done. Batches by epoch go on there; what else gives batches begins anew, since it cannot be
            told what it gave.
        grouped: Makes of batches what a step takes.

    Raises:
        ArgumentError: Batches by epoch have none.
        KindError: What it gave is no batches.
    """
    if not callable(input_fn) or not hasattr(input_fn, "__len__"):
        batches = grouped(batches_of(input_fn, known)).prefetch(2)
        return Source(batches.element_spec, lambda epoch: batches, 1)
    epochs: Any = input_fn
    if not len(epochs):
        raise ArgumentError(_NONE)
    first, skipped = divmod(start, len(epochs))

    def give(epoch: int) -> tf.data.Dataset:
        return grouped(called(epochs(first + epoch, 0 if epoch else skipped), False))

    return Source(grouped(called(epochs(0, 0), False)).element_spec, give, None)


def batches_of(input_fn: InputFn, known: Mapping[str, Any]) -> "tf.data.Dataset":
    """The batches, each `(features,)` or `(features, labels)`.

    Args:
        input_fn: See `InputFn`.
        known: The arguments that it may take; `mode` is among them.

    Raises:
        ArgumentError: It must be given another argument, or its dataset is known to be empty.
        KindError: What it gave is none of the above.
    """
    if not callable(input_fn):
        raise KindError(f"input_fn must be callable. Received: {input_fn!r}")
    check_arguments("input_fn", input_fn, known)
    batches = called(call_with(input_fn, known), known["mode"] == ModeKeys.TRAIN)
    if known["mode"] != ModeKeys.PREDICT and batches.cardinality() == 0:
        raise ArgumentError(_NONE)
    return batches


@contextmanager
def batches_asked(was_there_one: Callable[[], bool]) -> Iterator[None]:
    """While open, the training loop's word that there is no batch is told as `input_fn`'s fault.

    Args:
        was_there_one: Whether a batch has come.

    Raises:
        ArgumentError: There is none.
    """
    try:
        yield
    except ArgumentError:
        raise
    except InputError as error:
        if was_there_one():
            raise
        raise ArgumentError(_NONE) from error


def called(given: Any, repeat: bool) -> "tf.data.Dataset":
    """What an input function gave, as a dataset of `(features,)` or `(features, labels)`.

    Args:
        given: A dataset, or one batch as tensors, arrays, or dicts of them.
        repeat: Whether one batch is given again and again.
    """
    if isinstance(given, tf.data.Dataset):
        if not isinstance(given.element_spec, tuple):
            return given.map(lambda features: (features,))
        _check_parts(given.element_spec)
        return by_index(given)
    parts = tuple(given) if isinstance(given, tuple | list) else (given,)
    if len(parts) > 1 and parts[-1] is None:
        parts = parts[:-1]
    _check_parts(parts)
    one = tf.data.Dataset.from_tensors(
        tuple(_tensors(name, part) for name, part in zip(("features", "labels"), parts, strict=False))
    )
    return one.repeat() if repeat else one


def _check_parts(parts: tuple[Any, ...]) -> None:
    if len(parts) not in (1, 2):
        raise KindError(f"input_fn must give features, or features and labels. Received: {len(parts)} parts")


def _tensors(name: str, given: Any) -> Any:
    if hasattr(given, "to_dict") and hasattr(given, "columns"):  # a table of pandas
        return {str(column): tf.constant(np.asarray(given[column])) for column in given.columns}
    if isinstance(given, Mapping):
        return {key: _tensors(f"{name}[{key!r}]", value) for key, value in given.items()}
    if isinstance(given, tf.SparseTensor | tf.RaggedTensor):
        return given
    try:
        return tf.convert_to_tensor(given)
    except (TypeError, ValueError) as error:
        raise KindError(
            f"input_fn must give a tf.data.Dataset, or features (tensors, arrays, or dicts of them) and labels. "
            f"Received: {name}, {type(given).__name__}"
        ) from error
