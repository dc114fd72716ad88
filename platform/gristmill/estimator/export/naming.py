"""Tensors by the names that a SavedModel's signature gives them."""

from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError

__all__ = ["metric_tensors", "named_tensors", "prefixed"]


def named_tensors(tensors: Any, kind: str) -> dict[str, Any]:
    """Gives tensors by name.

    Args:
        tensors: One tensor, which takes the kind as its name, or a dict of name -> tensor. A name may be a tuple of
            strings, which are joined by `/`.
        kind: What the tensors are, for errors.

    Raises:
        ArgumentError: If a name is not a string, or a value is not a tensor.
    """
    named = tensors if isinstance(tensors, dict) else {kind: tensors}
    for key, tensor in named.items():
        if not isinstance(tensor, tf.Tensor):
            raise ArgumentError(f"a value of `{kind}` must be a tensor. Received: {key!r}: {tensor!r}")
    return {_joined(key, kind): tensor for key, tensor in named.items()}


def prefixed(named: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Puts `prefix/` before each name that does not begin with the prefix."""
    return {name if name.startswith(prefix) else f"{prefix}/{name}": value for name, value in named.items()}


def metric_tensors(metrics: Any) -> dict[str, Any]:
    """Gives metrics as tensors named `metrics/NAME/value` and `metrics/NAME/update_op`.

    Args:
        metrics: Dict of name -> Keras metric (updated before) or (value, update) pair, or one of these alone.

    Raises:
        ArgumentError: If a name is not a string, a value is not a tensor, or an update neither a tensor nor an op.
    """
    named = metrics if isinstance(metrics, dict) else {"metrics": metrics}
    by_name = prefixed({_joined(key, "metrics"): metric for key, metric in named.items()}, "metrics")
    tensors = {}
    for name, metric in by_name.items():
        value, update = metric if isinstance(metric, tuple) else (metric.result(), None)
        if not isinstance(value, tf.Tensor):
            raise ArgumentError(f"the value of metric `{name}` must be a tensor. Received: {value!r}")
        tensors[f"{name}/value"] = value
        tensors[f"{name}/update_op"] = value if update is None else _update_tensor(name, update)
    return tensors


def _joined(key: Any, kind: str) -> str:
    joined = "/".join(key) if isinstance(key, tuple) else key
    if not isinstance(joined, str):
        raise ArgumentError(f"a name of `{kind}` must be a string. Received: {key!r}")
    return joined


def _update_tensor(name: str, update: Any) -> Any:
    """Gives an update as a tensor, since a signature fetches nothing else: for an op, an empty one that runs it."""
    if isinstance(update, tf.Tensor):
        return update
    if not isinstance(update, tf.Operation) and not tf.is_tensor(update):
        raise ArgumentError(f"the update of metric `{name}` must be a tensor or an op. Received: {update!r}")
    with tf.control_dependencies([update]):
        return tf.constant([], name="metric_op_wrapper")
