"""What dual coordinate ascent knows of each example, in a table that stands in checkpoints."""

from typing import Any

import tensorflow as tf

from gristmill.estimator.naming import keep

__all__ = ["DualState"]

_NAME = "ShardedMutableHashTable-1-of-1"
_EMPTY, _DELETED = [0, 0], [1, 1]
"""Keys that no example has."""


class DualState:
    """The rows of a table that belong to a batch, in a trace.

    Args:
        ids: Strings `[batch]`.

    Attributes:
        values: `[batch, 4]` float32: the dual variable, the primal and dual loss and the weight of each; zeros of a new one.
    """

    def __init__(self, ids: Any) -> None:
        with tf.init_scope():
            self._table = tf.lookup.experimental.DenseHashTable(
                tf.int64, tf.float32, [0.0, 0.0, 0.0, 0.0], _EMPTY, _DELETED
            )
        columns = _Columns(self._table)
        keep(columns.keys, f"{_NAME}-keys")
        keep(columns.values, f"{_NAME}-values")
        self._keys = tf.raw_ops.SdcaFprint(input=ids)
        self.values = self._table.lookup(self._keys)

    def put(self, values: Any) -> None:
        """Changes the rows of the batch."""
        self._table.insert(self._keys, values)


class _Columns:
    """The keys and the values of a table, as two variables of a checkpoint."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._read: dict[str, Any] = {}
        self.keys, self.values = _Column(self, "keys", tf.int64, 2), _Column(self, "values", tf.float32, 4)

    def get(self, part: str) -> Any:
        """`[examples, width]`."""
        keys, values = self._table.export()
        taken = _is_taken(keys)
        return tf.boolean_mask(keys if part == "keys" else values, taken)

    def set(self, part: str, value: Any) -> None:
        """Puts in both parts once both are there."""
        self._read[part] = value
        if len(self._read) == 2:
            taken = _is_taken(self._read["keys"])
            self._table.insert(*(tf.boolean_mask(self._read.pop(one), taken) for one in ("keys", "values")))


class _Column:
    """One part of a table, with what a checkpoint asks of a variable."""

    trainable = False

    def __init__(self, columns: _Columns, part: str, dtype: tf.DType, width: int) -> None:
        self._columns, self._part = columns, part
        self.dtype, self.shape = dtype, tf.TensorShape([None, width])

    def assign(self, value: Any) -> None:
        """Takes `[examples, width]`."""
        self._columns.set(self._part, value)

    def numpy(self) -> Any:
        """What it holds."""
        return self._columns.get(self._part).numpy()

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        """What it holds."""
        del dtype, name
        return self._columns.get(self._part)


def _is_taken(keys: Any) -> Any:
    """`[examples]`, false where a key stands for an empty place."""
    return tf.reduce_any(keys != tf.constant(_EMPTY, tf.int64), axis=1) & tf.reduce_any(
        keys != tf.constant(_DELETED, tf.int64), axis=1
    )
