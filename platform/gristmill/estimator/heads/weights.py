"""Weights of examples, taken from the features."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from gristmill.estimator.demands import demanded
from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.heads.checks import check_shape

__all__ = ["weights_of"]


def weights_of(features: Any, weight_column: Any, logits: Any, sizes: Sequence[int] = (1,)) -> Any:
    """The weights of a batch, float32 `[D0, ..., DN, size]`, or None where there are none.

    Args:
        features: Name -> tensor.
        weight_column: None, a name, or a numeric column, whose `normalizer_fn` is applied.
        logits: `[D0, ..., DN, logits_dimension]`.
        sizes: What `size` may be; where the feature lacks the last axis, it is 1.

    Raises:
        KindError: `weight_column` is something else.
        ArgumentError: The feature is not there, is no dense tensor of numbers, or of another shape; or a weight is less
            than 0 or not finite.
    """
    if weight_column is None:
        return None
    key, normalize = _column(weight_column)
    if not features or key not in features:
        told = ", ".join(sorted(map(str, features or ()))) or "none"
        raise ArgumentError(f"the weights {key!r} must be among the features. Received: {told}")
    if isinstance(features[key], tf.SparseTensor):
        raise ArgumentError(f"the weights {key!r} must be a dense tensor. Received: {features[key]}")
    weights = tf.convert_to_tensor(features[key])
    if weights.shape.rank == 1:
        weights = weights[:, tf.newaxis]
    if normalize is not None:
        weights = normalize(weights)
    if not (weights.dtype.is_floating or weights.dtype.is_integer):
        raise ArgumentError(f"the weights {key!r} must be castable to float. Received: dtype={weights.dtype.name}")
    weights = tf.cast(weights, tf.float32)
    if logits.shape.rank is not None and weights.shape.rank == logits.shape.rank - 1:
        weights = weights[..., tf.newaxis]
    weights = check_shape("weights", weights, logits, sizes)
    inside = (weights >= 0) & (weights < float("inf"))
    rule = f"the weights {key!r} must be finite and 0 or more"
    return demanded(weights, tf.reduce_all(inside), rule, lambda: tf.boolean_mask(weights, ~inside))


def _column(weight_column: Any) -> tuple[str, Any]:
    if isinstance(weight_column, str):
        return weight_column, None
    if not (hasattr(weight_column, "key") and hasattr(weight_column, "normalizer_fn")):
        kind = type(weight_column).__name__
        raise KindError(f"`weight_column` must be either a string or a numeric column. Received: {kind}")
    return weight_column.key, weight_column.normalizer_fn
