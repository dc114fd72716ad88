"""Parts of a batch, and sums over what is computed from them."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from gristmill.errors import InputError

__all__ = ["added", "part_of", "rows_in", "scaled"]


def rows_in(batch: Any) -> Any:
    """Examples in a batch, an int where its shape tells it.

    Raises:
        InputError: Nothing in it has an axis of examples.
    """
    for leaf in tf.nest.flatten(batch):
        if leaf is not None and leaf.shape.rank != 0:
            return leaf.shape[0] if leaf.shape.rank and leaf.shape[0] is not None else _rows(leaf)
    raise InputError("a batch must have an axis of examples to be spread. Received: single values")


def part_of(batch: Any, place: int, count: int) -> tuple[Any, Any]:
    """One of so many parts of a batch of nearly the same size, and its share of the examples.

    Args:
        batch: Dense, ragged or sparse tensors in any structure; single values go to every part.
        place: Which part, from 0.
        count: How many.
    """
    rows = rows_in(batch)
    start, stop = place * rows // count, (place + 1) * rows // count
    share = tf.cast((stop - start) / rows, tf.float32)
    return tf.nest.map_structure(lambda leaf: _cut(leaf, start, stop), batch), share


def scaled(value: Any, share: Any) -> Any:
    """A tensor or rows of a gradient times a share; nothing's share is 0, also where it is not a number."""
    if value is None:
        return None
    if isinstance(value, tf.IndexedSlices):
        return tf.IndexedSlices(scaled(value.values, share), value.indices, value.dense_shape)
    return tf.math.multiply_no_nan(value, tf.cast(share, value.dtype))


def added(values: Sequence[Any]) -> Any:
    """The sum of tensors or rows of gradients; None counts as nothing."""
    there = [value for value in values if value is not None]
    if not there:
        return None
    if all(isinstance(value, tf.IndexedSlices) for value in there):
        indices = tf.concat([value.indices for value in there], 0)
        return tf.IndexedSlices(tf.concat([value.values for value in there], 0), indices, there[0].dense_shape)
    return tf.add_n([tf.convert_to_tensor(value) for value in there])


def _rows(leaf: Any) -> Any:
    return leaf.nrows(tf.int32) if isinstance(leaf, tf.RaggedTensor) else tf.shape(leaf)[0]


def _cut(leaf: Any, start: Any, stop: Any) -> Any:
    if leaf is None or leaf.shape.rank == 0:
        return leaf
    if isinstance(leaf, tf.SparseTensor):
        first = tf.cast(tf.stack([start, *[0] * (leaf.shape.rank - 1)]), tf.int64)
        rest = tf.cast(tf.stack([stop - start]), tf.int64)
        return tf.sparse.slice(leaf, first, tf.concat([rest, leaf.dense_shape[1:]], 0))
    return leaf[start:stop]
