"""A dataset folder as its readers see it: checked against the manifest first, then arrays, batches and vocabularies."""

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from gristmill.data.manifest import MANIFEST, FileEntry, Manifest
from gristmill.data.tfrecord import read_shard
from gristmill.errors import unknown_name
from gristmill.files import sha256_file
from gristmill.schema import Feature

__all__ = ["Dataset", "SCALARS", "arrow_type"]

SCALARS = {"string": pa.string(), "int64": pa.int64(), "float32": pa.float32()}


def arrow_type(feature: Feature) -> pa.DataType:
    """The Arrow type of a feature's values: a scalar, a list, or a list of lists."""
    made = SCALARS[feature.dtype]
    for _ in feature.shape:
        made = pa.list_(made)
    return made


class Dataset:
    """A dataset folder that a pipeline wrote.

    `Dataset.open` checks every file's hash; what is read afterwards is what was written.
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Opens a dataset folder.

        Raises:
            InputError: It is no dataset.
            IntegrityError: A file is missing, cut or changed; the message names it.
        """
        folder = Path(path)
        manifest = Manifest.load(folder)
        manifest.verify(folder)
        return cls(folder, manifest)

    @cached_property
    def manifest_sha256(self) -> str:
        """Hash of the manifest, which holds the hashes of all other files: the dataset's identity."""
        return sha256_file(self.path / MANIFEST)

    def __eq__(self, other: object) -> bool:
        """Datasets are equal where their manifests are, and so all their files."""
        return isinstance(other, Dataset) and self.manifest_sha256 == other.manifest_sha256

    def __hash__(self) -> int:
        return hash(self.manifest_sha256)

    @cached_property
    def statistics(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Statistics by split or table, then by feature."""
        loaded: dict[str, dict[str, dict[str, Any]]] = json.loads((self.path / "statistics.json").read_bytes())
        return loaded

    def vocabulary(self, name: str) -> list[str]:
        """Terms of a feature (`NAME`, or `TABLE.NAME` of a side table), most frequent in training first."""
        if name not in self.manifest.vocabularies:
            raise unknown_name("vocabulary", name, self.manifest.vocabularies)
        text = (self.path / self.manifest.vocabularies[name].name).read_text("utf-8")
        return [json.loads(line) if line.startswith('"') else line for line in text.split("\n")[:-1]]

    def table(self, name: str) -> pa.Table:
        """A side table."""
        if name not in self.manifest.tables:
            raise unknown_name("table", name, self.manifest.tables)
        return pq.read_table(self.path / self.manifest.tables[name].file.name)

    def records(self, split: str) -> int:
        """Number of records of a split."""
        self._shards(split)
        return self.manifest.split_records[split]

    def read(self, split: str) -> pa.Table:
        """All records of a split, in the order in which they were written."""
        tables = list(self.read_shards(split))
        return pa.concat_tables(tables) if tables else self.arrow_schema.empty_table()

    def read_shards(self, split: str) -> Iterator[pa.Table]:
        """The records of a split, a part of a shard at a time, so that a split of any size can be passed over.

        Raises:
            IntegrityError: A shard is cut or changed, or has not as many records as the manifest says.
        """
        for shard in self._shards(split):
            yield from read_shard(self.path / shard.name, self.arrow_schema, self.manifest.layout, shard.records)

    @property
    def arrow_schema(self) -> pa.Schema:
        """Arrow types of the records' features."""
        return pa.schema([(feature.name, arrow_type(feature)) for feature in self.manifest.record_schema.features])

    def shard_paths(self, split: str) -> list[Path]:
        """Files of a split."""
        return [self.path / shard.name for shard in self._shards(split)]

    def _shards(self, split: str) -> tuple[FileEntry, ...]:
        if split not in self.manifest.splits:
            raise unknown_name("split", split, self.manifest.splits)
        return self.manifest.splits[split]
