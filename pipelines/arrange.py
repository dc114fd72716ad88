"""Arranges all records of one partition: sets duplicates aside, orders what is left, and deals it out to the splits."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.data.gather import gather
from gristmill.data.plan import ORDER_FEATURES, SPLITS, HashSplit, Source, TimeSplit
from gristmill.schema import Feature, Kind, Role, Schema
from pipelines.duplicates import find_duplicates
from pipelines.hashing import scattered, stable_hash
from pipelines.sources import POSITION

__all__ = ["Arranged", "Duplicate", "FILE", "HELD", "arrange", "split_schema"]

FILE = "__file__"
"""Name of the column that holds the index of a record's source file."""
HELD = -1
"""What stands there for a record that the dataset holds already."""

Duplicate = tuple[int, int, str]
"""File index, position and reason of a record that is set aside."""


@dataclass(frozen=True)
class Arranged:
    """The records of one partition by split, how many of each source file a split has, and the duplicates."""

    splits: dict[str, pa.Table]
    by_file: dict[str, dict[int, int]]
    duplicates: tuple[Duplicate, ...]


def arrange(
    table: pa.Table,
    source: Source,
    split: HashSplit | TimeSplit | None,
    files: list[str],
    known: pa.Table | None = None,
) -> Arranged:
    """Orders and splits the records of one partition; the outcome does not depend on the order in which they came.

    The records of a split stand in an order that looks drawn by chance, those of a side table as they came.

    Args:
        table: Checked records with `POSITION` and `FILE`.
        source: Where they come from; `unique` says which of them are duplicates.
        split: How to split; None puts all into one split named as the source.
        files: Path of each source file, for the reasons.
        known: Records that the dataset holds already, with the features of `unique`; what repeats them is a duplicate.
    """
    table = _in_order(table)
    table, duplicates = _without_duplicates(table, source.unique, files, known)
    if split is None:
        return _dealt(table, {source.name: np.arange(table.num_rows)}, duplicates)
    if isinstance(split, HashSplit):
        share = (stable_hash(table.column(split.key)) >> np.uint64(32)).astype(np.float64) / 2**32
    else:
        table, share = _by_time(table, split)
    order = scattered(table.num_rows)
    place = np.searchsorted(np.cumsum(split.fractions[:-1]) - 1e-12, share, side="right")[order]
    return _dealt(table, {name: order[place == i] for i, name in enumerate(SPLITS)}, duplicates)


def split_schema(schema: Schema, split: HashSplit | TimeSplit) -> Schema:
    """The schema of split records: a split by time adds `position` and `key_records`."""
    if isinstance(split, HashSplit):
        return schema
    extra = [Feature(name=n, kind=Kind.NUMBER, dtype="int64", minimum=0, role=Role.KEY) for n in ORDER_FEATURES]
    return Schema(features=(*schema.features, *extra))


def _in_order(table: pa.Table) -> pa.Table:
    file, position = table.column(FILE).to_numpy(), table.column(POSITION).to_numpy()
    step = np.diff(file)
    if ((step > 0) | ((step == 0) & (np.diff(position) > 0))).all():
        return table.combine_chunks()
    return gather(table, np.lexsort([position, file]))


def _without_duplicates(
    table: pa.Table, unique: tuple[str, ...], files: list[str], known: pa.Table | None
) -> tuple[pa.Table, tuple[Duplicate, ...]]:
    if not unique or not table.num_rows:
        return table, ()
    both = table.select(list(unique))
    before = 0
    if known is not None and known.num_rows:
        before = known.num_rows
        both = pa.concat_tables([known.select(list(unique)), both])
    twice, original = find_duplicates(both)
    if not twice.size:
        return table, ()
    twice, original = twice - before, original - before
    file, position = table.column(FILE).to_numpy(), table.column(POSITION).to_numpy()
    what = ", ".join(f"`{name}`" for name in unique)

    def where(row: int) -> str:
        held = row < 0 or file[row] == HELD
        return "in the dataset already" if held else f"at {files[file[row]]}:{position[row]}"

    duplicates = tuple(
        (int(file[i]), int(position[i]), f"{what} must be unique. The same stands {where(o)}")
        for i, o in zip(twice.tolist(), original.tolist(), strict=True)
    )
    keep = np.ones(table.num_rows, bool)
    keep[twice] = False
    return table.filter(pa.array(keep)), duplicates


def _by_time(table: pa.Table, split: TimeSplit) -> tuple[pa.Table, NDArray[np.float64]]:
    """Sorts by key and order; gives each record's share of its key's records that come before it.

    Records of one key and equal order stand as they came.
    """
    ranks = [_ranks(table.column(name)) for name in (split.key, *split.order_by)]
    order = np.lexsort(ranks[::-1])
    table, code = gather(table, order), ranks[0][order]
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    counts = np.diff(np.append(starts, len(code)))
    total = np.repeat(counts, counts)
    position = np.arange(len(code)) - np.repeat(starts, counts)
    for name, values in zip(ORDER_FEATURES, (position, total), strict=True):
        table = table.append_column(name, pa.array(values, pa.int64()))
    return table, position / np.maximum(total, 1)


def _ranks(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A number for each value that sorts as the values do; whole numbers in texts by their value ("9" before "10")."""
    encoded = pc.dictionary_encode(column.combine_chunks(), null_encoding="encode")
    terms = encoded.dictionary
    keys = pa.table({"sortable": _sortable(terms), "term": terms})  # "7" and "07" sort alike but differ
    order = pc.sort_indices(keys, [("sortable", "ascending"), ("term", "ascending")]).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[encoded.indices.to_numpy()]


def _sortable(terms: pa.Array) -> pa.Array:
    if not pa.types.is_string(terms.type):
        return terms
    return pc.if_else(pc.match_substring_regex(terms, r"^\d{1,18}$"), pc.utf8_lpad(terms, 19, "0"), terms)


def _dealt(table: pa.Table, rows: dict[str, NDArray[np.int64]], duplicates: tuple[Duplicate, ...]) -> Arranged:
    """The records of each split, without the pipeline's own columns."""
    file = table.column(FILE).to_numpy()
    by_file = {
        name: dict(zip(*(part.tolist() for part in np.unique(file[chosen], return_counts=True)), strict=True))
        for name, chosen in rows.items()
    }
    records = table.drop_columns([FILE, POSITION])
    return Arranged({name: gather(records, chosen) for name, chosen in rows.items()}, by_file, duplicates)
