"""A dataset folder is opened only where every file is as it was written."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gristmill.data.dataset import Dataset, arrow_type
from gristmill.data.manifest import FileEntry, Manifest, SourceReport, TableEntry
from gristmill.data.plan import Layout
from gristmill.data.tfrecord import write_shard
from gristmill.errors import InputError, IntegrityError
from gristmill.files import sha256_file, write_json_atomic
from gristmill.schema import Feature, Kind, Schema

SCHEMA = Schema(features=(Feature(name="user", kind=Kind.ID), Feature(name="tags", kind=Kind.SEQUENCE)))
ROWS = [{"user": "a", "tags": ["x"]}, {"user": "b", "tags": []}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dataset made without a pipeline: two shards, an empty split, a vocabulary, a side table."""
    (tmp_path / "vocabulary").mkdir()
    (tmp_path / "tables").mkdir()
    (tmp_path / "vocabulary" / "user.txt").write_text('b\n"a\\nb"\n"\\"c\\""\n \n')
    (tmp_path / "statistics.json").write_text('{"train": {}}')
    table = pa.Table.from_pylist(ROWS, pa.schema([(f.name, arrow_type(f)) for f in SCHEMA.features]))
    pq.write_table(table, tmp_path / "tables" / "users.parquet")
    shards = []
    for i in range(2):
        made = write_shard(tmp_path / f"train-{i}.tfrecord.gz", table.slice(i, 1), Layout())
        shards.append(FileEntry(name=made.name, bytes=made.bytes, sha256=made.sha256, records=1))

    def entry(name: str) -> FileEntry:
        return FileEntry(name=name, bytes=(tmp_path / name).stat().st_size, sha256=sha256_file(tmp_path / name))

    manifest = Manifest(
        app="made", code_version="1", fingerprint="f", options={}, info={}, record_schema=SCHEMA,
        splits={"train": tuple(shards), "test": ()},
        tables={"users": TableEntry(record_schema=SCHEMA, file=entry("tables/users.parquet"))},
        vocabularies={"user": entry("vocabulary/user.txt")}, statistics=entry("statistics.json"), quarantine=(),
        sources=(SourceReport(path="a.csv", table="records", bytes=1, sha256="0", read=3, written=2, quarantined=1),),
    )  # fmt: skip
    write_json_atomic(tmp_path / "manifest.json", manifest.model_dump(mode="json"))
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    dataset = Dataset.open(folder)
    assert dataset.read("train").to_pylist() == ROWS
    assert dataset.read("test").to_pylist() == []
    assert (dataset.records("train"), dataset.records("test")) == (2, 0)
    assert dataset.vocabulary("user") == ["b", "a\nb", '"c"', " "]
    assert dataset.table("users").to_pylist() == ROWS
    assert dataset.statistics == {"train": {}}
    assert dataset.manifest_sha256 == sha256_file(folder / "manifest.json")
    assert (dataset.manifest.read, dataset.manifest.written, dataset.manifest.quarantined) == (3, 2, 1)
    assert {dataset: 1}[Dataset.open(str(folder))] == 1


def test_fewer_records_than_the_manifest_says_are_noticed(folder: Path) -> None:
    dataset = Dataset.open(folder)
    write_shard(folder / "train-1.tfrecord.gz", dataset.read("train").slice(0, 0), Layout())
    with pytest.raises(IntegrityError, match=r"train-1\.tfrecord\.gz: must have 1 records\. Received: 0"):
        dataset.read("train")


FILES = ["train-0.tfrecord.gz", "train-1.tfrecord.gz", "vocabulary/user.txt", "statistics.json", "tables/users.parquet"]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _change(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(("harm", "message"), [(Path.unlink, "is missing"), (_cut, "must have"), (_change, "changed")])
def test_a_harmed_file_is_named(folder: Path, name: str, harm: Callable[[Path], None], message: str) -> None:
    harm(folder / name)
    with pytest.raises(IntegrityError) as error:
        Dataset.open(folder)
    assert str(error.value).startswith(f"{folder / name}: ")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"), [(None, "is no dataset"), (b"{", "damaged"), (b"{}", "damaged, or not a manifest")]
)
def test_a_folder_without_a_manifest_is_no_dataset(folder: Path, content: bytes | None, message: str) -> None:
    (folder / "manifest.json").unlink()
    if content is not None:
        (folder / "manifest.json").write_bytes(content)
    with pytest.raises(InputError if content is None else IntegrityError, match=message):
        Dataset.open(folder)


def test_a_changed_manifest_makes_another_dataset(folder: Path) -> None:
    before = Dataset.open(folder)
    assert before.manifest_sha256
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"info": {"title": "other"}}))
    assert Dataset.open(folder) != before
    assert before != 1


def test_unknown_names_list_the_nearest(folder: Path) -> None:
    dataset = Dataset.open(folder)
    with pytest.raises(InputError, match="unknown split 'tain'; did you mean 'train'"):
        dataset.read("tain")
    with pytest.raises(InputError, match="unknown vocabulary 'users'; did you mean 'user'"):
        dataset.vocabulary("users")
    with pytest.raises(InputError, match="unknown table 'items'; known: 'users'"):
        dataset.table("items")
