"""The same made events in the format of each reader that `read` measures: 8 files each, rows in one random order."""

import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.events import SCHEMA, make_table
from bench.rows import NUMBERS
from gristmill.data.dataset import Dataset, arrow_type
from gristmill.data.manifest import FileEntry, Manifest
from gristmill.data.plan import Layout
from gristmill.data.tfrecord import write_shard
from gristmill.files import write_json_atomic

__all__ = ["LAYOUTS", "dataset", "make_files", "paths"]

LAYOUTS = {
    f"{kind}-{compression}": Layout(kind=kind, compression=compression)
    for kind in ("plain", "packed")
    for compression in ("none", "gzip")
}
_FILES = 8


def make_files(folder: Path, rows: int) -> pa.Table:
    """Writes all formats and gives the rows."""
    schema = pa.schema([(feature.name, arrow_type(feature)) for feature in SCHEMA.features])
    table = make_table(rows, max(1, rows // 100), 0).cast(schema)
    table = table.take(np.random.default_rng(1).permutation(rows)).combine_chunks()
    bounds = np.linspace(0, rows, _FILES + 1).astype(int)
    parts = [table.slice(start, stop - start) for start, stop in pairwise(bounds)]
    for name, layout in LAYOUTS.items():
        _write_dataset(folder / name, layout, parts)
    for name in ("parquet", "memmap"):
        (folder / name).mkdir()
    for i, part in enumerate(parts):
        pq.write_table(part, folder / "parquet" / f"{i}.parquet")
    for name in NUMBERS:
        np.save(folder / "memmap" / f"{name}.npy", table.column(name).to_numpy())
    _write_array_records(folder / "array_record", parts)
    return table


def paths(folder: Path) -> list[str]:
    """The files of a folder that hold rows."""
    return sorted(str(path) for path in folder.iterdir() if not path.name.endswith(".json"))


def dataset(folder: Path) -> Dataset:
    """The dataset of a folder, without the pass over its files that `Dataset.open` makes to check their hashes."""
    return Dataset(folder, Manifest.load(folder))


def _write_dataset(folder: Path, layout: Layout, parts: list[pa.Table]) -> None:
    folder.mkdir()
    made = [write_shard(folder / f"train-{i}{layout.suffix}", part, layout) for i, part in enumerate(parts)]
    shards = [FileEntry(name=one.name, bytes=one.bytes, sha256=one.sha256, records=one.records) for one in made]
    manifest = Manifest(
        app="bench", code_version="", fingerprint="", options={}, layout=layout, info={}, record_schema=SCHEMA,
        splits={"train": tuple(shards)}, tables={}, vocabularies={}, quarantine=(), sources=(),
        statistics=FileEntry(name="statistics.json", bytes=0, sha256=""),
    )  # fmt: skip
    write_json_atomic(folder / "manifest.json", manifest.model_dump(mode="json"))


def _write_array_records(folder: Path, parts: list[pa.Table]) -> None:
    """A record a row: a pickled tuple, which Python reads faster than an Example."""
    try:
        from array_record.python.array_record_module import ArrayRecordWriter
    except ImportError:
        return
    folder.mkdir()
    for i, part in enumerate(parts):
        writer = ArrayRecordWriter(str(folder / f"{i}.array_record"), "group_size:1,uncompressed")
        for row in zip(*(column.to_pylist() for column in part.columns), strict=True):
            writer.write(pickle.dumps(row))
        writer.close()
