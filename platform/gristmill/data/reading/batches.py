"""tf.data of batches: Python plans and compiled code decodes a window of rows at a time; the rest is native."""

import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from gristmill.data.codec import names
from gristmill.data.reading.cursor import Cursor, Shards
from gristmill.data.reading.ending import CALLS
from gristmill.data.reading.order import Windows, permutation, units
from gristmill.data.reading.state import ReadState
from gristmill.errors import InputError
from gristmill.schema import Schema

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["Reading"]

_WINDOW_ROWS = 1 << 16
_WINDOW_BYTES = 1 << 26
"""Rows of a window are fewer where they are large."""
_OPEN_CURSORS = 4


class Reading:
    """One way of reading a split: seed, batches and windows."""

    def __init__(
        self, shards: Shards, schema: Schema, batch_size: int, seed: int | None, drop_remainder: bool, missing: bool
    ) -> None:
        _check(batch_size, sum(shards.records) if drop_remainder else None)
        window_rows = min(_WINDOW_ROWS, _WINDOW_BYTES // max(1, shards.row_bytes))
        self._shards = shards
        self._schema = schema
        self._windows = Windows(sum(shards.records), batch_size, drop_remainder, window_rows)
        self._seed = seed
        self._missing = missing
        self._cursors: dict[int, Cursor] = {}
        self._lock = threading.Lock()

    @property
    def batches(self) -> int:
        """Batches an epoch."""
        return self._windows.batches

    def dataset(self, start: ReadState, epochs: int | None) -> "tf.data.Dataset":
        """The batches from `start` on, to the end of epoch `epochs` or without end."""
        import tensorflow as tf

        from gristmill.data.reading.tensors import array_types, tensor_of

        self._check_start(start, epochs)
        each, total = self._windows.count, self._windows.batches
        window, skipped = self._windows.find(start.batch)
        last = sys.maxsize if epochs is None else epochs * each
        features = self._schema.features
        types = [kind for feature in features for kind in array_types(feature)]
        masks = [feature.name for feature in features if self._missing]
        batch_size = self._windows.batch_size if self._windows.drop_remainder else None

        def window_of(index: Any) -> dict[str, Any]:
            kinds = [tf.int64, *types, *([tf.bool] * len(masks))]
            rows, *arrays = tf.numpy_function(self._call, [index], kinds, stateful=False)
            rows = batch_size or tf.ensure_shape(rows, [])
            made = {}
            for feature in features:
                count = len(array_types(feature))
                made[feature.name] = tensor_of(feature, arrays[:count], rows)
                arrays = arrays[count:]
            return made | {
                names.missing(name): tf.reshape(mask, [-1, rows]) for name, mask in zip(masks, arrays, strict=True)
            }

        made = tf.data.Dataset.range(start.epoch * each + window, last).map(window_of).prefetch(1).unbatch()
        if skipped:
            made = made.skip(skipped)
        left = tf.data.INFINITE_CARDINALITY if epochs is None else max(0, (epochs - start.epoch) * total - start.batch)
        options = tf.data.Options()
        options.autotune.enabled = False  # there is nothing to tune, and it looks at every text at each step
        return made.apply(tf.data.experimental.assert_cardinality(left)).with_options(options)

    def _call(self, index: Any) -> list[Any]:
        with CALLS:
            return self._load(int(index))

    def _load(self, index: int) -> list[Any]:
        """Rows a batch, and the arrays of the window of that index, counted over all epochs."""
        from gristmill.data.reading.tensors import arrays_of

        epoch, place = divmod(index, self._windows.count)
        window = self._windows[place]
        table = self._rows(index, epoch, window.start, window.rows)
        order = None if self._seed is None else permutation(window.rows, self._seed, epoch, place)
        made: list[Any] = [np.int64(window.batch_rows)]
        columns = [table.column(feature.name).combine_chunks() for feature in self._schema.features]
        for feature, column in zip(self._schema.features, columns, strict=True):
            made += arrays_of(feature, column, order)
        if self._missing:
            masks = [np.asarray(column.is_null()) for column in columns]
            made += masks if order is None else [mask[order] for mask in masks]
        return made

    def _rows(self, index: int, epoch: int, start: int, rows: int) -> pa.Table:
        """The rows of a window; a reader that comes from the window before goes on with its cursor."""
        with self._lock:
            cursor = self._cursors.pop(index, None)
        if cursor is None or start == 0:
            cursor = Cursor(self._shards, units(self._shards.records, self._seed, epoch, start))
        table = cursor.take(rows)
        with self._lock:
            self._cursors[index + 1] = cursor  # the last of an epoch's is dropped with the first of the next
            while len(self._cursors) > _OPEN_CURSORS:
                del self._cursors[next(iter(self._cursors))]
        return table

    def _check_start(self, start: ReadState, epochs: int | None) -> None:
        wanted = (self._seed, self._windows.batch_size)
        if (start.seed, start.batch_size) != wanted:
            raise InputError(
                f"the state to start from must have seed={wanted[0]} and batch_size={wanted[1]}. Received: {start}"
            )
        if start.batch >= self.batches:
            raise InputError(f"an epoch has {self.batches} batches. Received: {start}")
        if epochs is not None and epochs < 1:
            raise InputError(f"epochs must be at least 1, or None. Received: {epochs}")


def _check(batch_size: int, records: int | None) -> None:
    if batch_size < 1:
        raise InputError(f"batch_size must be at least 1. Received: {batch_size}")
    if records is not None and batch_size > records:
        raise InputError(
            f"batch_size must be at most the {records} records with drop_remainder. Received: {batch_size}"
        )
