"""Checks of what a batch brings; a shape or value known only when the graph runs is checked there."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from gristmill.estimator.demands import demanded
from gristmill.estimator.errors import ArgumentError

__all__ = ["check_labels", "check_logits", "check_range", "check_shape"]


def check_shape(name: str, tensor: Any, logits: Any, last: Sequence[int]) -> Any:
    """Gives a tensor on that has the shape of the logits but for its last axis.

    Args:
        name: What the tensor is.
        tensor: To check, `[D0, ..., DN, size]`.
        logits: `[D0, ..., DN, logits_dimension]`.
        last: The sizes that the last axis may have.

    Raises:
        ArgumentError: It has another shape.
    """
    sizes = " or ".join(str(size) for size in dict.fromkeys(last))
    rule = f"`{name}` must have the shape [D0, ..., DN, {sizes}] where logits have [D0, ..., DN, logits_dimension]"
    shape, like = tensor.shape, logits.shape
    shaped = shape.rank is None or (shape.rank > 0 and shape[-1] in (None, *last))
    if not shaped or not shape[:-1].is_compatible_with(like[:-1]):
        raise ArgumentError(f"{rule}. Received: {name}.shape={shape}, logits.shape={like}")
    if shape.is_fully_defined() and like[:-1].is_fully_defined():
        return tensor
    came = tf.shape(tensor)
    same = tf.reduce_all(tf.equal(came[:-1], tf.shape(logits)[:-1]))
    return demanded(tensor, same & tf.reduce_any(tf.equal(came[-1], last)), rule, lambda: came)


def check_logits(logits: Any, dimension: int) -> Any:
    """Gives logits as float32 `[D0, ..., DN, dimension]`.

    Raises:
        ArgumentError: They have another shape.
    """
    logits = tf.cast(logits, tf.float32)
    rank, rule = logits.shape.rank, f"`logits` must have the shape [D0, ..., DN, {dimension}], of rank 2 at least"
    if rank is not None and (rank < 2 or logits.shape[-1] not in (None, dimension)):
        raise ArgumentError(f"{rule}. Received: logits.shape={logits.shape}")
    if rank is not None and logits.shape[-1] is not None:
        return logits
    shape = tf.shape(logits)
    good = (tf.rank(logits) >= 2) & tf.equal(shape[-1], dimension)
    checked = demanded(logits, good, rule, lambda: shape)
    return checked if rank is None else tf.ensure_shape(checked, [*logits.shape[:-1], dimension])


def check_labels(labels: Any, logits: Any, dimension: int) -> Any:
    """Gives labels as a tensor `[D0, ..., DN, dimension]`, whose last axis may have been left out where it is 1.

    Raises:
        ArgumentError: There are none, they are sparse, or of another shape.
    """
    if labels is None:
        raise ArgumentError(
            "You must provide a labels Tensor: TRAIN and EVAL need labels, so see that the input gives them. Received: None"
        )
    if isinstance(labels, tf.SparseTensor):
        raise ArgumentError(
            f"`labels` must be a dense tensor [D0, ..., DN, {dimension}]. SparseTensor labels are not supported here; "
            f"use tf.sparse.to_dense in the input. Received: {labels}"
        )
    labels = tf.convert_to_tensor(labels)
    if logits.shape.rank is not None and labels.shape.rank == logits.shape.rank - 1:
        labels = labels[..., tf.newaxis]
    return check_shape("labels", labels, logits, [dimension])


def check_range(labels: Any, highest: int) -> Any:
    """Gives labels on that lie within 0 and `highest`.

    Raises:
        ArgumentError: Some do not; they are shown.
    """
    inside = (labels >= 0) & (labels <= tf.cast(highest, labels.dtype))
    rule = f"`labels` must lie within [0, {highest}]"
    return demanded(labels, tf.reduce_all(inside), rule, lambda: tf.boolean_mask(labels, ~inside))
