"""Rules that a batch must keep and that are known only when a graph runs: checked there, and told as the package's errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError

__all__ = ["demand", "demanded", "told"]

_SHOWN = 20
_assert: Any = tf.raw_ops.Assert
_BROKEN = re.compile(r"assertion failed: \[(.*?\. Received:(?:\] \[| ).*)\]\s*$", re.MULTILINE)
_BETWEEN = ". Received:] ["
"""Where TensorFlow puts together what it is given to tell."""


def demand(good: Any, rule: str, came: Any) -> Any:
    """Checks that a condition holds; in a graph, what must wait for that depends on what this gives.

    Args:
        good: A boolean scalar.
        rule: The rule in words.
        came: What to show where the rule is broken: text, a tensor, or a function that gives one, which is computed only then;
            a tensor that is there costs less.

    Returns:
        What to depend on.

    Raises:
        ArgumentError: It does not hold, eagerly; in a graph `tf.errors.InvalidArgumentError` when it runs, which `told`
            makes one of.
    """
    if tf.executing_eagerly():
        if not good:
            raise ArgumentError(f"{rule}. Received: {_listed(came() if callable(came) else came)}")
        return tf.constant(True)
    if not callable(came):
        data = [f"{rule}. Received: {came}"] if isinstance(came, str) else [f"{rule}. Received:", came]
        return _assert(condition=good, data=data, summarize=_SHOWN)

    def refuse() -> Any:
        with tf.control_dependencies([_assert(condition=False, data=[f"{rule}. Received:", came()], summarize=_SHOWN)]):
            return tf.constant(False)

    return tf.cond(good, lambda: tf.constant(True), refuse)


def demanded(value: Any, good: Any, rule: str, came: Any) -> Any:
    """Gives a tensor, or a structure of tensors, on where a condition holds; see `demand`."""
    checked = demand(good, rule, came)
    if tf.executing_eagerly():
        return value
    flat = tf.nest.flatten(value, expand_composites=True)
    with tf.control_dependencies([checked]):
        flat = [tf.identity(flat[0])] if len(flat) == 1 else tf.identity_n(flat)
    return tf.nest.pack_sequence_as(value, flat, expand_composites=True)


@contextmanager
def told() -> Iterator[None]:
    """While open, a rule of `demand` that a graph finds broken is told as an ArgumentError.

    Raises:
        ArgumentError: A rule is broken.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        found = _BROKEN.search(error.message)
        if found is None:
            raise
        rule, between, came = found[1].partition(_BETWEEN)
        raise ArgumentError(_plain(f"{rule}. Received: [{came}]" if between else rule)) from error


def _plain(text: str) -> str:
    """Text as it was before TensorFlow put escapes into it."""
    raw = text.encode("latin-1", "backslashreplace").decode("unicode_escape")
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


def _listed(value: Any) -> Any:
    listed = value if isinstance(value, str) else value.numpy().tolist()
    return listed[:_SHOWN] if isinstance(listed, list) else listed
