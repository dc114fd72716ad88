"""Arranges all records of one partition: sets duplicates aside, orders what is left, and deals it out to the splits."""

import zlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.data.plan import ORDER_FEATURES, SPLITS, HashSplit, Source, TimeSplit
from gristmill.schema import Feature, Kind, Role, Schema
from pipelines.sources import POSITION

__all__ = ["Arranged", "FILE", "arrange", "partition", "split_schema", "stable_hash"]

FILE = "__file__"
"""Name of the column that holds the index of a record's source file."""


@dataclass(frozen=True)
class Arranged:
    """The records of one partition by split, and the duplicates as (file, position, reason)."""

    splits: dict[str, pa.Table]
    duplicates: tuple[tuple[int, int, str], ...]


def stable_hash(values: pa.Array) -> NDArray[np.uint32]:
    """A hash of each value's text that is the same in every process, version and machine (CRC-32)."""
    encoded = pc.dictionary_encode(values.cast(pa.string()), null_encoding="encode")
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    terms = [zlib.crc32((term or "").encode()) for term in encoded.dictionary.to_pylist()]
    return np.array(terms or [0], np.uint32)[encoded.indices.to_numpy()]


def partition(batch: pa.RecordBatch, key: str, count: int) -> dict[int, pa.RecordBatch]:
    """Parts a batch by the hash of its key, so that all records of a key meet in one partition."""
    if count == 1 or not batch.num_rows:
        return {0: batch} if batch.num_rows else {}
    place = stable_hash(batch.column(key)) % count
    return {int(p): batch.filter(pa.array(place == p)) for p in np.unique(place)}


def arrange(table: pa.Table, source: Source, split: HashSplit | TimeSplit | None, files: list[str]) -> Arranged:
    """Orders and splits the records of one partition; the outcome does not depend on the order in which they came.

    Args:
        table: Checked records with `POSITION` and `FILE`.
        source: Where they come from; `unique` says which of them are duplicates.
        split: How to split; None puts all into one split named as the source.
        files: Path of each source file, for the reasons.
    """
    table = table.sort_by([(FILE, "ascending"), (POSITION, "ascending")]).combine_chunks()
    table, duplicates = _without_duplicates(table, source.unique, files)
    if split is None:
        return Arranged({source.name: table}, duplicates)
    if isinstance(split, HashSplit):
        share = _mix(stable_hash(table.column(split.key))) / 2**32
        order = np.argsort(_mix(np.arange(table.num_rows, dtype=np.uint32)), kind="stable")
        table, share = table.take(pa.array(order)), share[order]
    else:
        table, share = _by_time(table, split)
    return Arranged(_deal(table, share, split.fractions), duplicates)


def split_schema(schema: Schema, split: HashSplit | TimeSplit) -> Schema:
    """The schema of split records: a split by time adds `position` and `key_records`."""
    if isinstance(split, HashSplit):
        return schema
    extra = [Feature(name=n, kind=Kind.NUMBER, dtype="int64", minimum=0, role=Role.KEY) for n in ORDER_FEATURES]
    return Schema(features=(*schema.features, *extra))


def _without_duplicates(
    table: pa.Table, unique: tuple[str, ...], files: list[str]
) -> tuple[pa.Table, tuple[tuple[int, int, str], ...]]:
    if not unique or not table.num_rows:
        return table, ()
    codes = np.stack([_codes(table.column(name)) for name in unique], axis=1)
    _, first, inverse = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    original = first[inverse.reshape(-1)]
    twice = np.flatnonzero(original != np.arange(table.num_rows))
    if not twice.size:
        return table, ()
    file, position = table.column(FILE).to_numpy(), table.column(POSITION).to_numpy()
    what = ", ".join(f"`{name}`" for name in unique)
    duplicates = tuple(
        (int(file[i]), int(position[i]), f"{what} must be unique. The same stands at {files[file[o]]}:{position[o]}")
        for i, o in zip(twice, original[twice], strict=True)
    )
    keep = np.ones(table.num_rows, bool)
    keep[twice] = False
    return table.filter(pa.array(keep)), duplicates


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A number for each distinct value."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_nested(array.type):
        array = pa.array([repr(value) for value in array.to_pylist()], pa.string())
    return pc.dictionary_encode(array, null_encoding="encode").indices.to_numpy().astype(np.int64)


def _by_time(table: pa.Table, split: TimeSplit) -> tuple[pa.Table, NDArray[np.float64]]:
    """Sorts by key and order; gives each record's share of its key's records that come before it."""
    columns = [table.column(name) for name in (split.key, *split.order_by, FILE, POSITION)]
    keys = [key for column in columns for key in (_sortable(column), column)]  # "7" and "07" sort alike but differ
    sortable = pa.table({str(i): key for i, key in enumerate(keys)})
    table = table.take(pc.sort_indices(sortable, [(name, "ascending") for name in sortable.column_names]))
    code = _codes(table.column(split.key))
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    counts = np.diff(np.append(starts, len(code)))
    total = np.repeat(counts, counts)
    position = np.arange(len(code)) - np.repeat(starts, counts)
    for name, values in zip(ORDER_FEATURES, (position, total), strict=True):
        table = table.append_column(name, pa.array(values, pa.int64()))
    return table, position / np.maximum(total, 1)


def _sortable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text in an order in which whole numbers stand by their value ("9" before "10")."""
    if not pa.types.is_string(column.type):
        return column
    return pc.if_else(pc.match_substring_regex(column, r"^\d{1,18}$"), pc.utf8_lpad(column, 19, "0"), column)


def _deal(table: pa.Table, share: NDArray[np.float64], fractions: tuple[float, ...]) -> dict[str, pa.Table]:
    bounds = np.cumsum(fractions[:-1])
    place = np.searchsorted(bounds - 1e-12, share, side="right")
    return {name: table.filter(pa.array(place == i)) for i, name in enumerate(SPLITS)}


def _mix(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Scatters hashes over 32 bits (the finaliser of MurmurHash3, https://github.com/aappleby/smhasher)."""
    mixed = values.astype(np.uint32)
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    return mixed ^ (mixed >> np.uint32(16))
