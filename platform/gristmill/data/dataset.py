"""A dataset folder as its readers see it: checked against the manifest first, then arrays, batches and vocabularies."""

import json
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from gristmill.data.manifest import MANIFEST, FileEntry, Manifest
from gristmill.data.reading import Reading, ReadState, Shards
from gristmill.data.tfrecord import read_shard
from gristmill.errors import InputError, unknown_name
from gristmill.files import sha256_file
from gristmill.schema import Feature
from gristmill.staging import steadily

if TYPE_CHECKING:
    import tensorflow as tf

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
        """Opens a dataset folder; one that is being replaced is opened as it was before or as it is afterwards.

        Raises:
            InputError: It is no dataset.
            IntegrityError: A file is missing, cut or changed; the message names it.
        """
        folder = Path(path)
        return steadily(Path(os.path.realpath(folder)), lambda: cls._open(folder))

    @classmethod
    def _open(cls, folder: Path) -> Self:
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

    def asset(self, name: str) -> bytes:
        """A file that belongs to the records."""
        if name not in self.manifest.assets:
            raise unknown_name("asset", name, self.manifest.assets)
        return (self.path / self.manifest.assets[name].name).read_bytes()

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

    def batches(
        self,
        split: str,
        batch_size: int,
        *,
        seed: int | None = None,
        epochs: int | None = 1,
        drop_remainder: bool = False,
        start: ReadState | None = None,
        missing: bool = False,
    ) -> "tf.data.Dataset":
        """Batches of a split for training: a dict of tensors each, by the names of the features.

        A feature of one value is dense, a list of any length a `tf.RaggedTensor`, one of k elements dense
        `[batch, k]`. A missing float comes as NaN, a missing int64 as 0, a missing text as "", a missing list as an
        empty one (or k times such a value).

        What comes is ordinary tf.data (`map`, `filter`, `shuffle`, `unbatch`, `repeat`). Its place can be kept in
        two ways: by a `ReadState` (`start.after(steps, batches_per_epoch)`), from which any process goes on with the
        very next batch, or by a `tf.train.Checkpoint` of its iterator.

        Args:
            split: Name of the split.
            batch_size: Rows a batch.
            seed: Shuffles, in another order each epoch; None keeps the written order.
            epochs: Passes, counted from the first; None goes on without end.
            drop_remainder: Leaves out the last batch of an epoch that is not full.
            start: Where to go on; None is the start.
            missing: Adds for each feature `__missing__/NAME`, true where a value is missing.

        Raises:
            InputError: The split is unknown or empty, or a number is out of range.
        """
        reading = self._reading(split, batch_size, seed, drop_remainder, missing)
        return reading.dataset(start or ReadState(seed, batch_size), epochs)

    def batches_per_epoch(self, split: str, batch_size: int, *, drop_remainder: bool = False) -> int:
        """Batches of one pass over a split."""
        return self._reading(split, batch_size, None, drop_remainder, False).batches

    def _reading(self, split: str, batch_size: int, seed: int | None, drop_remainder: bool, missing: bool) -> Reading:
        shards = Shards.of(self.path, self._shards(split), self.manifest.layout, self.arrow_schema)
        if not sum(shards.records):
            raise InputError(f"split {split!r} has no records")
        return Reading(shards, self.manifest.record_schema, batch_size, seed, drop_remainder, missing)

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
