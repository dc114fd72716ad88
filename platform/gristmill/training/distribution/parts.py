"""Parts of a batch, one a replica."""

from typing import Any

import tensorflow as tf

from gristmill.training.values import leaves

__all__ = ["part_of", "rows_of"]


def rows_of(batch: Any) -> Any:
    """Rows of a batch: the first dimension of its first tensor that has one; a number where it is known."""
    for _, value in leaves(batch, ""):
        if len(value.shape):
            known = value.shape[0]
            return known if known is not None else _dynamic_rows(value)
    return 1


def _dynamic_rows(value: Any) -> tf.Tensor:
    if isinstance(value, tf.RaggedTensor):
        return tf.cast(value.nrows(), tf.int32)
    return tf.cast(value.dense_shape[0], tf.int32) if isinstance(value, tf.SparseTensor) else tf.shape(value)[0]


def part_of(batch: Any, rank: int, count: int) -> tuple[Any, Any]:
    """A replica's rows of a batch, as even as can be, and 1.0 or, where there are too few rows for it, 0.0.

    Row b of n goes to the replica r with r * n // count <= b < (r + 1) * n // count. A replica without rows gets one that
    must count nothing, so that its loss is a number.
    """
    rows = rows_of(batch)
    start, stop = rank * rows // count, (rank + 1) * rows // count
    if isinstance(rows, int):
        there, stop = float(stop > start), max(stop, start + 1)
    else:
        there, stop = tf.cast(stop > start, tf.float32), tf.maximum(stop, start + 1)
    return tf.nest.map_structure(lambda value: _rows(value, start, stop), batch), there


def _rows(value: Any, start: Any, stop: Any) -> Any:
    """Rows of a tensor; one without rows goes whole to every replica."""
    if not hasattr(value, "shape") or not len(value.shape):
        return value
    if isinstance(value, tf.SparseTensor):
        rest = value.dense_shape[1:]
        begin = tf.concat([[tf.cast(start, tf.int64)], tf.zeros_like(rest)], 0)
        return tf.sparse.slice(value, begin, tf.concat([[tf.cast(stop - start, tf.int64)], rest], 0))
    return value[start:stop]
