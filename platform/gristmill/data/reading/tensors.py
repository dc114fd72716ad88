"""Columns of a window as arrays in their new order, and these as tensors of batches."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
from numpy.typing import NDArray

from gristmill.data.codec.compiled import compiled
from gristmill.data.codec.values import Floats, Strings, values_of
from gristmill.errors import IntegrityError
from gristmill.schema import Feature

__all__ = ["MISSING", "array_types", "arrays_of", "tensor_of"]

MISSING = {"string": "", "int64": 0, "float32": float("nan")}
"""What stands for a missing value."""

Array = NDArray[Any]


def array_types(feature: Feature) -> list[Any]:
    """Types of what `arrays_of` gives: lengths of lists from the outermost in, then the values."""
    lengths = [tf.int64] * feature.shape.count(None)
    texts = feature.dtype == "string"
    return [*lengths, *((tf.string, tf.int32, tf.int32) if texts else (tf.as_dtype(feature.dtype),))]


def arrays_of(feature: Feature, column: pa.Array, order: NDArray[np.int64] | None) -> list[Array]:
    """The values of a column in a new order.

    Texts come as one blob with the start and size of each, which costs a fraction of an object each.
    """
    if not feature.shape:
        return _scalars(feature, column, order)
    if order is not None:
        column = column.take(pa.array(order))
    lengths = []
    for size in feature.shape:
        if size is not None:
            column = _fixed(feature, column, size)
        else:
            lengths.append(np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int64))
            column = column.flatten()
    return [*lengths, *_scalars(feature, column, None)]


def tensor_of(feature: Feature, arrays: list[Any], batch_rows: Any) -> Any:
    """The tensor `[batches, batch_rows, ...]` of a feature, ragged where its lists have any length.

    Args:
        feature: The feature.
        arrays: Tensors of what `arrays_of` gave.
        batch_rows: Rows a batch, a number where it is always the same and else a tensor.
    """
    arrays = [tf.ensure_shape(array, [None]) for array in arrays]
    depth = feature.shape.count(None)
    values = tf.strings.substr(*arrays[depth:]) if feature.dtype == "string" else arrays[depth]
    if not depth:
        return tf.reshape(values, [-1, batch_rows, *feature.shape])
    for lengths in reversed(arrays[:depth]):
        values = tf.RaggedTensor.from_row_lengths(values, lengths, validate=False)
    return tf.RaggedTensor.from_uniform_row_length(values, tf.cast(batch_rows, tf.int64), validate=False)


def _scalars(feature: Feature, column: pa.Array, order: NDArray[np.int64] | None) -> list[Array]:
    if column.null_count:
        column = pc.fill_null(column, MISSING[feature.dtype])
    values = values_of(feature.name, column)
    if isinstance(values, Strings):
        rows = np.arange(len(column)) if order is None else order
        starts, sizes = np.empty((2, len(column)), np.int32)
        _places(values.offsets, rows, starts, sizes)
        return [np.array([values.data.tobytes()], object), starts, sizes]
    numbers = values.data.view(np.float32) if isinstance(values, Floats) else values.values
    return [numbers if order is None else numbers.take(order)]


@compiled
def _places(offsets, rows, starts, sizes):  # type: ignore[no-untyped-def]
    for place in range(len(rows)):
        starts[place] = offsets[rows[place]]
        sizes[place] = offsets[rows[place] + 1] - offsets[rows[place]]


def _fixed(feature: Feature, column: pa.Array, size: int) -> pa.Array:
    """The values of lists of one length, flat."""
    lengths = pc.list_value_length(column)
    if pc.any(pc.not_equal(lengths, size)).as_py():
        raise IntegrityError(f"{feature.name}: a list must have {size} values. Received: {pc.mode(lengths)}")
    if column.null_count:
        column = pc.fill_null(column, pa.scalar([MISSING[feature.dtype]] * size, column.type))
    return column.flatten()
