"""Writes what the stages hand over: TFRecord shards, side tables and the quarantine, each file whole or not there."""

import base64
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gristmill.data.examples import encode_examples
from gristmill.data.manifest import FileEntry
from gristmill.data.tfrecord import write_tfrecord
from gristmill.errors import InputError
from gristmill.files import sha256_file, write_atomic
from gristmill.schema import Schema
from pipelines.arrange import FILE
from pipelines.check import raw_record
from pipelines.readers import read_file
from pipelines.sources import POSITION, SourceFile

__all__ = [
    "Rejected",
    "find_records",
    "quarantine_path",
    "write_file",
    "write_quarantine",
    "write_shard",
    "write_table",
    "written_by_file",
]

Rejected = tuple[int, int, str, bytes | None]
"""File index, position, reason, and the record as it came (None for a duplicate: its text stands in the source)."""


def write_shard(folder: Path, split: str, shard: int, shards: int, table: pa.Table) -> FileEntry:
    """Writes the records of one partition and split as `SPLIT-00000-of-00008.tfrecord.gz`."""
    file = write_tfrecord(
        folder / f"{split}-{shard:05d}-of-{shards:05d}.tfrecord.gz", encode_examples(_features(table))
    )
    return FileEntry(name=file.name, bytes=file.bytes, sha256=file.sha256, records=file.records)


def write_table(folder: Path, name: str, table: pa.Table) -> FileEntry:
    """Writes a side table as `tables/NAME.parquet`."""
    buffer = io.BytesIO()
    pq.write_table(_features(table), buffer, compression="zstd")
    return write_file(folder, f"tables/{name}.parquet", buffer.getvalue(), table.num_rows)


def find_records(file: SourceFile, schema: Schema, rejected: Sequence[Rejected]) -> list[tuple[int, str, bytes]]:
    """Position, reason and text of rejected records; a text that is not given is read from the source again.

    Raises:
        InputError: The source changed in between.
    """
    wanted = {position for _, position, _, record in rejected if record is None}
    texts: dict[int, bytes] = {}
    if wanted:
        for block in read_file(file, dict.fromkeys(feature.source_column for feature in schema.features)):
            for row, position in enumerate(block.batch.column(POSITION).to_pylist()):
                if position in wanted:
                    texts[position] = raw_record(block, row)
    if len(texts) != len(wanted):
        raise InputError(f"{file.path}: changed while it was read; run the same command again")
    return [
        (position, reason, texts[position] if record is None else record) for _, position, reason, record in rejected
    ]


def write_quarantine(folder: Path, index: int, source: str, rejected: Iterable[tuple[int, str, bytes]]) -> FileEntry:
    """Writes the rejected records of one source file as JSON lines, in the order of their positions.

    A record that is not UTF-8 stands as base64 under `record_base64`.
    """
    lines = []
    for position, reason, record in sorted(rejected):
        entry: dict[str, Any] = {"source": source, "position": position, "reason": reason}
        try:
            entry["record"] = record.decode("utf-8")
        except UnicodeDecodeError:
            entry["record_base64"] = base64.b64encode(record).decode()
        lines.append(json.dumps(entry, ensure_ascii=False) + "\n")
    name = quarantine_path(Path(), index).as_posix()
    return write_file(folder, name, "".join(lines).encode(), len(lines))


def quarantine_path(folder: Path, index: int) -> Path:
    """Where the quarantine of a source file stands."""
    return folder / f"quarantine/{index:05d}.jsonl"


def written_by_file(table: pa.Table) -> dict[int, int]:
    """Number of records of each source file."""
    return {entry["values"].as_py(): entry["counts"].as_py() for entry in pc.value_counts(table.column(FILE))}


def _features(table: pa.Table) -> pa.Table:
    return table.drop_columns([FILE, POSITION])


def write_file(folder: Path, name: str, data: bytes, records: int | None = None) -> FileEntry:
    """Writes one file of the dataset, whole or not at all, and gives its entry for the manifest."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    write_atomic(path, data)
    return FileEntry(name=name, bytes=len(data), sha256=sha256_file(path), records=records)
