"""Rows of tables by index: many small tables in one gather, each large one by itself with a sparse gradient."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

__all__ = ["is_small", "joined", "joint_rows", "rows"]

_SMALL, _CUT_AT_ONCE = 16_384, 17


def is_small(table: Any) -> bool:
    """Whether a table has so few numbers that to copy it costs less than to handle it by itself."""
    return table.shape.num_elements() <= _SMALL


def rows(table: Any, ids: Any) -> Any:
    """`[batch]` indices to `[batch, width]` rows, zeros where an index is negative.

    The gradient is sparse, and has each row once, since the optimizers of Keras square the parts of a row one by one.
    """
    unique, places = tf.unique(tf.maximum(ids, 0))
    return tf.where(ids[:, None] < 0, 0.0, tf.gather(tf.gather(table, unique), places))


def joint_rows(tables: Sequence[Any], ids: Sequence[Any]) -> Any:
    """The rows of k tables of one width, `[batch, k, width]`, zeros where an index is negative; the gradient is dense.

    The tables are put below one another, a row of zeros above each, where the index -1 falls:

        0     zeros
        1     table 0, row 0
        2     table 0, row 1
        3     zeros
        4     table 1, row 0 ...

    Args:
        tables: k variables.
        ids: k times `[batch]` int64, none beyond its table.
    """
    sizes = np.array([table.shape[0] for table in tables], np.int64)
    ends = np.cumsum(sizes + 1)
    zeros = tf.zeros([1, tables[0].shape[1]], tables[0].dtype)
    table = joined([part for table in tables for part in (zeros, table)])
    picked = tf.stack(ids, axis=1)
    return _gather(table, tf.maximum(picked, -1) + (ends - sizes))


def joined(tables: Sequence[Any]) -> Any:
    """Tables of one width below one another; the gradient is cut in one operation.

    TensorFlow does that where there are more than 16 parts; below, it cuts them out one by one. So there are some of no rows.
    A gradient of one's own would do as well, but TensorFlow would keep it, and the graph with it, for ever.
    """
    if len(tables) == 1:
        return tf.convert_to_tensor(tables[0])
    nothing = tf.zeros([0, tables[0].shape[1]], tables[0].dtype)
    return tf.concat([*tables, *[nothing] * (_CUT_AT_ONCE - len(tables))], axis=0)


def _gather(table: Any, places: Any) -> Any:
    """`tf.gather` with a dense gradient, which that of a reshaped table is."""
    return tf.gather(tf.reshape(table, table.shape), places)
