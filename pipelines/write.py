"""Writes the files of a dataset, each whole or not there: shards by the codec, side tables, and small files."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gristmill.data import tfrecord
from gristmill.data.manifest import FileEntry
from gristmill.data.plan import Layout
from gristmill.files import sha256_file, write_atomic

__all__ = ["shard_name", "write_file", "write_shard", "write_table"]


def shard_name(split: str, shard: int, shards: int, generation: int, layout: Layout) -> str:
    """Name of a shard: `SPLIT-00000-of-00008.tfrecord.gz`, and of what was added later `SPLIT-00000-of-00008-g1...`."""
    return f"{split}-{shard:05d}-of-{shards:05d}{f'-g{generation}' if generation else ''}{layout.suffix}"


def write_shard(folder: Path, name: str, table: pa.Table, layout: Layout) -> FileEntry:
    """Writes the records of one partition and split."""
    made = tfrecord.write_shard(folder / name, table, layout)
    return FileEntry(name=made.name, bytes=made.bytes, sha256=made.sha256, records=made.records)


def write_table(folder: Path, name: str, table: pa.Table) -> FileEntry:
    """Writes a side table as `tables/NAME.parquet`."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return write_file(folder, f"tables/{name}.parquet", buffer.getvalue(), table.num_rows)


def write_file(folder: Path, name: str, data: bytes, records: int | None = None) -> FileEntry:
    """Writes one file of the dataset, whole or not at all, and gives its entry for the manifest."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    write_atomic(path, data)
    return FileEntry(name=name, bytes=len(data), sha256=sha256_file(path), records=records)
