"""Arrow columns from the features of plain and packed Examples; `names` says how they belong together."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.data.codec import names
from gristmill.data.codec.records import Found, HarmedRecordError

__all__ = ["packed_columns", "packed_features", "plain_columns", "plain_features"]

Features = Mapping[str, Found]
Counts = NDArray[np.int64]


def plain_features(schema: pa.Schema) -> dict[str, pa.DataType]:
    """The features that plain Examples hold, with the types of their values."""
    wanted: dict[str, pa.DataType] = {}
    for field in schema:
        depth, wanted[field.name] = _unwrapped(field.type)
        if depth == 2:
            wanted[names.row_lengths(field.name)] = pa.int64()
    return wanted


def packed_features(schema: pa.Schema) -> dict[str, pa.DataType]:
    """The features that packed Examples hold, with the types of their values."""
    wanted = {names.ROWS: pa.int64()}
    for field in schema:
        if _unwrapped(field.type)[0]:
            wanted[names.lengths(field.name)] = pa.int64()
        wanted |= plain_features(pa.schema([field]))
        wanted[names.missing(field.name)] = pa.int64()
    return wanted


def plain_columns(features: Features, schema: pa.Schema) -> list[pa.Array]:
    """A row for each Example.

    Raises:
        HarmedRecordError: The features of an Example contradict each other.
    """
    columns = []
    for field in schema:
        found, depth = features[field.name], _unwrapped(field.type)[0]
        inner = features[names.row_lengths(field.name)] if depth == 2 else found
        _agree(found.present, inner.present)
        if depth == 0:
            _agree(found.counts, found.present)
            columns.append(_spread(found.values, found.present))
        else:
            columns.append(_nested(found, inner if depth == 2 else None, inner.counts, found.present))
    return columns


def packed_columns(features: Features, schema: pa.Schema) -> list[pa.Array]:
    """The rows of all packs.

    Raises:
        HarmedRecordError: The features of a pack contradict each other.
    """
    _agree(features[names.ROWS].counts, 1)
    rows = _numbers(features[names.ROWS])
    columns = []
    for field in schema:
        found, depth = features[field.name], _unwrapped(field.type)[0]
        valid = _valid(features[names.missing(field.name)], rows)
        if depth == 0:
            _agree(found.counts, rows)
            columns.append(_masked(found.values, valid))
        else:
            outer = features[names.lengths(field.name)]
            _agree(outer.counts, rows)
            inner = features[names.row_lengths(field.name)] if depth == 2 else found
            _agree(_sums(_numbers(outer), rows), inner.counts)
            columns.append(_nested(found, inner if depth == 2 else None, _numbers(outer), valid))
    return columns


def _unwrapped(kind: pa.DataType) -> tuple[int, pa.DataType]:
    """How many lists stand around the values, and the values' type."""
    depth = 0
    while pa.types.is_list(kind):
        kind, depth = kind.value_type, depth + 1
    return depth, kind


def _agree(found: Any, expected: Any) -> None:
    """Raises for the first record whose numbers differ."""
    differing = np.flatnonzero(found != expected)
    if len(differing):
        raise HarmedRecordError(int(differing[0]))


def _numbers(found: Found) -> Counts:
    """The values of a feature of whole numbers that are lengths or places: none is negative."""
    values = np.asarray(found.values)
    _agree(_sums(values < 0, found.counts), 0)
    return values


def _sums(values: NDArray[Any], counts: Counts) -> Counts:
    """Sum of the values of each record, which has `counts` of them."""
    total: Counts = np.concatenate([np.zeros(1, np.int64), np.cumsum(values)])
    bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    made: Counts = np.diff(total[bounds])
    return made


def _valid(missing: Found, rows: Counts) -> NDArray[np.bool_]:
    """Which rows of all packs have a value."""
    valid = np.ones(rows.sum(), bool)
    if not len(missing.values):
        return valid
    places = _numbers(missing)
    _agree(_sums(places >= np.repeat(rows, missing.counts), missing.counts), 0)
    valid[places + np.repeat(np.cumsum(rows) - rows, missing.counts)] = False
    return valid


def _nested(found: Found, inner: Found | None, lengths: Counts, valid: NDArray[np.bool_]) -> pa.Array:
    """Lists of `lengths` values, or of `lengths` inner lists whose lengths `inner` holds."""
    values = found.values
    if inner is not None:
        _agree(_sums(_numbers(inner), inner.counts), found.counts)
        values = pa.ListArray.from_arrays(_offsets(_numbers(inner)), values)
    return pa.ListArray.from_arrays(_offsets(lengths), values, mask=None if valid.all() else pa.array(~valid))


def _offsets(lengths: Counts) -> pa.Array:
    return pa.array(np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])).cast(pa.int32())


def _spread(values: pa.Array, present: NDArray[np.bool_]) -> pa.Array:
    """Puts the values at the rows that have one."""
    if present.all():
        return values
    return values.take(pa.array(np.cumsum(present) - 1, mask=~present))


def _masked(values: pa.Array, valid: NDArray[np.bool_]) -> pa.Array:
    if valid.all():
        return values
    bits = pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(values.type, len(values), [bits, *values.buffers()[1:]])
