"""A dataset's own files: whatever is cut, flipped, swapped, taken away or edited is noticed and named."""

import gzip
import json
import re
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gristmill.data.dataset import Dataset
from gristmill.data.plan import HashSplit, IngestPlan, Layout, Source
from gristmill.errors import InputError, IntegrityError
from pipelines.ingest import ingest
from tests.pipelines.exact_cases import FORMATS, SCHEMA, Line

LAYOUTS = [Layout(kind=kind, compression=zipped, rows=4) for kind in ("plain", "packed") for zipped in ("none", "gzip")]


@pytest.fixture(scope="module", params=LAYOUTS, ids=lambda layout: f"{layout.kind} {layout.compression}")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of two shards a split, with a record in quarantine."""
    folder = tmp_path_factory.mktemp("shards")
    form = FORMATS["jsonl"]
    lines = [Line(form.line(r | {"user": f"{n}-{r['user']}"})) for n in range(5) for r in form.records()]
    source = folder / "x.jsonl"
    source.write_bytes(form.case("", [*lines, Line(b"{")]).content)
    records = Source(name="records", paths=(str(source),), record_schema=SCHEMA)
    split = HashSplit(key="user", fractions=(1, 0, 0))
    ingest(IngestPlan(app="made", records=records, split=split, shards=2, layout=request.param), folder / "dataset")
    return folder / "dataset"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "dataset")


def boundaries(path: Path) -> Iterator[int]:
    """Where a record of an unpacked TFRecord file ends: length (8 bytes), its checksum (4), the record, its checksum (4)."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        at += 16 + struct.unpack_from("<Q", data, at)[0]
        yield at


def cuts(path: Path) -> list[int]:
    """Every boundary between records and places in between."""
    size = path.stat().st_size
    ends = [*boundaries(path)][:-1] if path.suffix != ".gz" else []
    return sorted({0, 1, *ends, *range(5, size, size // 40), size - 1})


def test_a_cut_shard_is_noticed_when_opened_and_when_read(folder: Path) -> None:
    dataset = Dataset.open(folder)
    for path in dataset.shard_paths("train"):
        data = path.read_bytes()
        for size in cuts(path):
            path.write_bytes(data[:size])
            with pytest.raises(IntegrityError, match=re.escape(str(path))):
                Dataset.open(folder)
            with pytest.raises(IntegrityError, match=re.escape(str(path))):
                dataset.read("train")
        path.write_bytes(data)
    assert Dataset.open(folder).read("train").num_rows == 60


def test_a_zipped_shard_that_ends_at_a_record_is_noticed_when_read(folder: Path) -> None:
    dataset = Dataset.open(folder)
    path = dataset.shard_paths("train")[0]
    if path.suffix != ".gz":
        pytest.skip("not packed")
    whole = folder / "whole"
    whole.write_bytes(gzip.decompress(path.read_bytes()))
    for end in [0, *boundaries(whole)][:-1]:
        path.write_bytes(gzip.compress(whole.read_bytes()[:end]))
        with pytest.raises(IntegrityError, match=re.escape(str(path)) + r": must have [0-9]+ records"):
            dataset.read("train")


def test_a_flipped_bit_is_noticed_or_changes_no_record(folder: Path) -> None:
    dataset = Dataset.open(folder)
    whole, path = dataset.read("train"), dataset.shard_paths("train")[1]
    data, unnoticed = path.read_bytes(), 0
    for place in range(0, len(data), max(1, len(data) // 120)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :])
        with pytest.raises(IntegrityError, match=re.escape(str(path))):
            Dataset.open(folder)
        try:
            assert dataset.read("train") == whole
            unnoticed += 1
        except IntegrityError as error:
            assert str(path) in str(error)  # noqa: PT017
    assert unnoticed <= (2 if path.suffix == ".gz" else 0)  # gzip's header has bits that mean nothing


def test_every_file_that_is_gone_cut_or_changed_is_named(folder: Path) -> None:
    entries = Dataset.open(folder).manifest.files()
    assert {entry.name.split("/")[0].split("-")[0] for entry in entries} == {
        "quarantine", "state", "statistics.json", "test", "train", "validation", "vocabulary"
    }  # fmt: skip
    for entry in entries:
        path = folder / entry.name
        data = path.read_bytes()
        for harmed in (None, data + b"\n", *([data[:-1], bytes([data[0] ^ 1]) + data[1:]] if data else [])):
            path.unlink() if harmed is None else path.write_bytes(harmed)
            with pytest.raises(IntegrityError, match=re.escape(str(path))):
                Dataset.open(folder)
        path.write_bytes(data)


def test_shards_in_each_others_places_are_noticed(folder: Path) -> None:
    one, other = Dataset.open(folder).shard_paths("train")
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    with pytest.raises(IntegrityError, match=re.escape(str(one))):
        Dataset.open(folder)


def _hash(manifest: dict[str, Any]) -> None:
    manifest["splits"]["train"][0]["sha256"] = "0" * 64


def _bytes(manifest: dict[str, Any]) -> None:
    manifest["splits"]["train"][0]["bytes"] += 1


def _records(manifest: dict[str, Any]) -> None:
    manifest["splits"]["train"][0]["records"] -= 1


def _lose(manifest: dict[str, Any]) -> None:
    del manifest["splits"]["train"][0]


def _format(manifest: dict[str, Any]) -> None:
    del manifest["record_schema"]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_hash, "train-00000-of-00002.*: changed; sha256 must be"),
        (_bytes, "train-00000-of-00002.*: must have .* bytes"),
        (_records, r"manifest\.json: the splits must have 60 records, as the sources say. Received: 59"),
        (_lose, r"manifest\.json: the splits must have 60 records, as the sources say. Received: [1-5]?[0-9]$"),
        (_format, r"manifest\.json: damaged, or not a manifest"),
    ],
)
def test_an_edited_manifest_is_noticed(edit: Callable[[dict[str, Any]], None], words: str, folder: Path) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    edit(manifest)
    path.write_text(json.dumps(manifest))
    with pytest.raises(IntegrityError, match=words):
        Dataset.open(folder)


def test_a_cut_manifest_is_noticed(folder: Path) -> None:
    path = folder / "manifest.json"
    data = path.read_bytes()
    for size in (0, 1, len(data) // 2, len(data) - 3):
        path.write_bytes(data[:size])
        with pytest.raises(IntegrityError, match=re.escape(str(path))):
            Dataset.open(folder)
    path.unlink()
    with pytest.raises(InputError, match="is no dataset"):
        Dataset.open(folder)
