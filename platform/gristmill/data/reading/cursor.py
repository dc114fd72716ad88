"""Rows of a split in the order of an epoch, from any row on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa

from gristmill.data.manifest import FileEntry
from gristmill.data.plan import Layout
from gristmill.data.reading.order import Unit
from gristmill.data.tfrecord import read_shard

__all__ = ["Cursor", "Shards"]

_GZIP_FACTOR = 4
_CHUNK_BYTES = 1 << 20
"""Read of a shard at once, as many shards are open."""


@dataclass(frozen=True)
class Shards:
    """The files of a split, and what stands in them."""

    paths: Sequence[Path]
    records: Sequence[int]
    row_bytes: int
    """Size of a row in the files, uncompressed: an estimate."""
    layout: Layout
    schema: pa.Schema

    @classmethod
    def of(cls, folder: Path, entries: Sequence[FileEntry], layout: Layout, schema: pa.Schema) -> Self:
        """The shards of a manifest's entries."""
        records = [entry.records or 0 for entry in entries]
        size = sum(entry.bytes for entry in entries) * (_GZIP_FACTOR if layout.compression == "gzip" else 1)
        return cls([folder / entry.name for entry in entries], records, size // max(1, sum(records)), layout, schema)

    def open(self, shard: int, start: int) -> Iterator[pa.Table]:
        """The rows of a shard from `start` on."""
        path, records = self.paths[shard], self.records[shard]
        return read_shard(path, self.schema, self.layout, records, skip=start, chunk_bytes=_CHUNK_BYTES)


class Cursor:
    """Reads units one after the other; a shard is opened at its first unit and closed after its last."""

    def __init__(self, shards: Shards, units: Sequence[Unit]) -> None:
        self._shards = shards
        self._units = iter(units)
        self._unit = Unit(0, 0, 0)
        self._open: dict[int, _Rows] = {}

    def take(self, rows: int) -> pa.Table:
        """The next rows.

        Raises:
            IntegrityError: A shard is cut or changed.
        """
        parts: list[pa.Table] = []
        while rows:
            if not self._unit.rows:
                self._unit = next(self._units)
            unit, taken = self._unit, min(rows, self._unit.rows)
            if unit.shard not in self._open:
                self._open[unit.shard] = _Rows(self._shards.open(unit.shard, unit.start))
            parts += self._open[unit.shard].take(taken)
            if unit.start + taken == self._shards.records[unit.shard]:
                self._open.pop(unit.shard).end()
            self._unit = Unit(unit.shard, unit.start + taken, unit.rows - taken)
            rows -= taken
        return pa.concat_tables(parts)


class _Rows:
    """Takes rows from a stream of tables by number."""

    def __init__(self, tables: Iterator[pa.Table]) -> None:
        self._tables = tables
        self._table: pa.Table | None = None
        self._at = 0

    def take(self, rows: int) -> Iterator[pa.Table]:
        """The next rows, in as few parts as they come in."""
        while rows:
            if self._table is None or self._at == self._table.num_rows:
                self._table, self._at = next(self._tables), 0
            part = self._table.slice(self._at, rows)
            self._at += part.num_rows
            rows -= part.num_rows
            yield part

    def end(self) -> None:
        """Reads on to the end of the stream, which checks that it ends there."""
        for _ in self._tables:
            pass
