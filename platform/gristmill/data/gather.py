"""Takes rows of a table by compiled loops: texts and numbers without nulls at a half to a third of the cost in Arrow."""

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from gristmill.data.codec.machine import copy

__all__ = ["gather"]


def gather(table: pa.Table, rows: NDArray[np.int64]) -> pa.Table:
    """The rows of a table, in their order, as columns of one chunk each.

    Args:
        table: Columns of any type.
        rows: Indices of rows; each must be there.

    Raises:
        IndexError: One is not.
    """
    if len(rows) and not 0 <= rows.min() <= rows.max() < table.num_rows:
        raise IndexError(f"rows must be from 0 to {table.num_rows - 1}. Received: {rows.min()} to {rows.max()}")
    rows = np.ascontiguousarray(rows, np.int64)
    taken = pa.array(rows)
    return pa.Table.from_arrays([_gather(column, rows, taken) for column in table.columns], schema=table.schema)


def _gather(column: pa.ChunkedArray, rows: NDArray[np.int64], taken: pa.Array) -> pa.Array:
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if not array.null_count and len(array):
        if pa.types.is_string(array.type):
            return _texts(array, rows)
        if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
            return pa.array(array.to_numpy().take(rows), array.type)
    return array.take(taken)


def _texts(array: pa.Array, rows: NDArray[np.int64]) -> pa.Array:
    _, offsets, data = array.buffers()
    starts = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    texts = np.frombuffer(data if data is not None else b"", np.uint8)
    bounds = np.empty(len(rows) + 1, np.int64)
    _measure(starts, rows, bounds)
    if bounds[-1] > np.iinfo(np.int32).max:
        return array.take(pa.array(rows))  # raises with Arrow's own words
    out = np.empty(bounds[-1], np.uint8)
    _copy(starts, texts, rows, bounds, out)
    made = [None, pa.py_buffer(bounds.astype(np.int32)), pa.py_buffer(out)]
    return pa.Array.from_buffers(array.type, len(rows), made)


@njit("void(Array(i4, 1, 'C', readonly=True), i8[::1], i8[::1])", cache=True, nogil=True)
def _measure(starts, rows, bounds):  # type: ignore[no-untyped-def]
    bounds[0] = 0
    for place in range(rows.size):
        bounds[place + 1] = bounds[place] + starts[rows[place] + 1] - starts[rows[place]]


@njit(
    "void(Array(i4, 1, 'C', readonly=True), Array(u1, 1, 'C', readonly=True), i8[::1], i8[::1], u1[::1])",
    cache=True,
    nogil=True,
)
def _copy(starts, texts, rows, bounds, out):  # type: ignore[no-untyped-def]
    for place in range(rows.size):
        start = starts[rows[place]]
        copy(out, bounds[place], texts, start, starts[rows[place] + 1] - start)
