"""A table's columns as streams: one feature of a block of Examples each, whatever the kind and the layout."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.data.codec import names
from gristmill.data.codec.values import Ints, Values, values_of
from gristmill.errors import InputError

__all__ = ["Stream", "packed_streams", "plain_streams"]

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Stream:
    """One feature of a block of Examples: Example i holds `values[bounds[i]:bounds[i + 1]]`."""

    name: str
    values: Values
    bounds: Places
    present: Flags
    """False where the Example leaves the feature out."""


def plain_streams(table: pa.Table) -> Iterator[Stream]:
    """The features of one Example a row."""
    each = np.arange(table.num_rows + 1)
    for name in table.column_names:
        array = _single(table.column(name))
        yield from _streams(name, array, each, _valid(array))


def packed_streams(table: pa.Table, pack: int) -> Iterator[Stream]:
    """The features of one Example for each `pack` rows."""
    bounds = np.append(np.arange(0, table.num_rows, pack), table.num_rows)
    always = np.ones(len(bounds) - 1, bool)
    yield Stream(names.ROWS, Ints(np.diff(bounds)), np.arange(len(bounds)), always)
    for name in table.column_names:
        array = _single(table.column(name))
        if _is_list(array.type):
            yield Stream(names.lengths(name), Ints(_lengths(array)), bounds, always)
        yield from _streams(name, array, bounds, always)
        if array.null_count:
            lacking = np.flatnonzero(~_valid(array))
            found = np.searchsorted(lacking, bounds)
            yield Stream(names.missing(name), Ints(lacking % pack), found, np.diff(found) > 0)


def _streams(name: str, array: pa.Array, bounds: Places, present: Flags) -> Iterator[Stream]:
    """The values of a column, flat, and the lengths of its inner lists."""
    depth = 0
    while _is_list(array.type):
        lengths = _lengths(array)
        if depth == 1:
            yield Stream(names.row_lengths(name), Ints(lengths), bounds, present)
        bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])[bounds]
        array = array.flatten()
        depth += 1
        if array.null_count or depth > 2:
            raise InputError(f"{name}: lists must be at most two deep and hold no missing value")
    yield Stream(name, values_of(name, array), bounds, present)


def _single(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _valid(array: pa.Array) -> Flags:
    return np.asarray(array.is_valid()) if array.null_count else np.ones(len(array), bool)


def _lengths(array: pa.Array) -> Places:
    """Length of each list, 0 where it is missing."""
    lengths: Places = np.asarray(pc.fill_null(pc.list_value_length(array), 0)).astype(np.int64)
    return lengths
