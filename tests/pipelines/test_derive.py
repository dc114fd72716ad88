"""Records that a function makes from all files together: the manifest names the user's files, and counts add up."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from gristmill.data.dataset import Dataset
from gristmill.data.execution import Execution
from gristmill.data.manifest import Manifest
from gristmill.data.plan import Derivation, HashSplit, IngestPlan, Source
from gristmill.errors import InputError, IntegrityError, WorkError
from gristmill.schema import Feature, Kind, Schema
from pipelines.derive import Derived, FileUse, Place
from pipelines.ingest import ingest
from pipelines.readers import read_file
from pipelines.sources import POSITION, SourceFile

MakeFile = Callable[[str, bytes | str], str]
SUMS = Schema(features=(Feature(name="name", kind=Kind.ID), Feature(name="sum", kind=Kind.NUMBER, dtype="int64")))


def sums(files: tuple[SourceFile, ...], options: dict[str, Any]) -> Derived:
    """The sum of each name; rows with a minus sign are set aside."""
    found: dict[str, int] = {}
    uses = []
    for file in files:
        rows = [row for block in read_file(file, ("name", "count")) for row in block.batch.to_pylist()]
        bad = tuple((row[POSITION], "must not be negative", None) for row in rows if row["count"].startswith("-"))
        for row in rows:
            if not row["count"].startswith("-"):
                found[row["name"]] = found.get(row["name"], 0) + int(row["count"]) * options.get("times", 1)
        uses.append(FileUse(len(rows), bad, ("name", "count")))
    table = pa.table({"name": pa.array(found, pa.string()), "sum": pa.array(found.values(), pa.int64())})
    return Derived(table, SUMS, tuple(uses), {"sums": {"names": len(found)}})


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Callable[..., IngestPlan]:
    monkeypatch.setitem(sys.modules, "made_up", SimpleNamespace(sums=sums))

    def make(*paths: str, **options: Any) -> IngestPlan:
        return IngestPlan(
            app="made_up",
            records=Source(name="counts", paths=paths, record_schema=Schema(features=SUMS.features[:1])),
            split=HashSplit(key="name"),
            shards=1,
            derivation=Derivation(function="made_up:sums", options=options),
        )

    return make


@pytest.fixture
def two_files(make_file: MakeFile) -> list[str]:
    return [make_file("a.csv", "name,count\nx,1\ny,-2\nx,3\n"), make_file("b.csv", "name,count\nx,4\nz,5\n")]


def test_what_is_derived_is_the_dataset(plan: Callable[..., IngestPlan], two_files: list[str], tmp_path: Path) -> None:
    manifest = ingest(plan(*two_files), tmp_path / "out")
    dataset = Dataset.open(tmp_path / "out")
    rows = [row for split in manifest.splits for row in dataset.read(split).to_pylist()]
    assert sorted((row["name"], row["sum"]) for row in rows) == [("x", 8), ("z", 5)]
    assert [(source.path, source.read, source.written, source.quarantined) for source in manifest.sources] == [
        (two_files[0], 3, 2, 1),
        (two_files[1], 2, 2, 0),
    ]
    assert (manifest.read, manifest.written, manifest.quarantined, manifest.derived) == (5, 4, 1, 2)
    aside = json.loads((tmp_path / "out" / manifest.quarantine[0].name).read_text())
    assert aside == {"source": two_files[0], "position": 3, "reason": "must not be negative", "record": "y,-2"}
    assert json.loads((tmp_path / "out" / manifest.reports["sums"].name).read_text()) == {"names": 2}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv", "out"]


def test_the_same_again_does_nothing_and_another_option_does_all(
    plan: Callable[..., IngestPlan], two_files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ingest(plan(*two_files), tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "made_up")
        assert ingest(plan(*two_files), tmp_path / "out") == first
    doubled = ingest(plan(*two_files, times=2), tmp_path / "out")
    assert doubled.fingerprint != first.fingerprint
    assert ingest(plan(*two_files[:1]), tmp_path / "fewer").derived == 1
    assert ingest(plan(*two_files), tmp_path / "fewer").derived == 2


def test_a_report_that_was_changed_is_found(
    plan: Callable[..., IngestPlan], two_files: list[str], tmp_path: Path
) -> None:
    manifest = ingest(plan(*two_files), tmp_path / "out")
    (tmp_path / "out" / manifest.reports["sums"].name).write_text("{}")
    with pytest.raises(IntegrityError, match=r"reports/sums\.json"):
        Dataset.open(tmp_path / "out")


def test_a_derivation_on_the_runner_gets_its_place_and_gives_assets(
    plan: Callable[..., IngestPlan], two_files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[Place] = []

    def with_asset(files: tuple[SourceFile, ...], options: dict[str, Any], place: Place) -> Derived:
        places.append(place)
        return replace(sums(files, options), assets={"model/a.bin": b"model"})

    monkeypatch.setitem(sys.modules, "placed", SimpleNamespace(with_asset=with_asset))
    made = plan(*two_files).model_copy(update={"derivation": Derivation(function="placed:with_asset", on_runner=True)})
    ingest(made, tmp_path / "out", execution=Execution(workers=1))
    dataset = Dataset.open(tmp_path / "out")

    assert [found.bytes for found in places[0].found] == [len(Path(path).read_bytes()) for path in two_files]
    assert places[0].how == Execution(workers=1)
    assert dataset.asset("model/a.bin") == b"model"
    with pytest.raises(InputError, match=r"did you mean 'model/a\.bin'"):
        dataset.asset("model/a")
    (tmp_path / "out/model/a.bin").write_bytes(b"other")
    with pytest.raises(IntegrityError, match=r"model/a\.bin"):
        Dataset.open(tmp_path / "out")


def test_the_number_of_derived_records_is_kept(
    plan: Callable[..., IngestPlan], two_files: list[str], tmp_path: Path
) -> None:
    manifest = ingest(plan(*two_files), tmp_path / "out")
    with pytest.raises(IntegrityError, match="must have 3 records"):
        manifest.model_copy(update={"derived": 3}).verify(tmp_path / "out")
    assert Manifest.load(tmp_path / "out") == manifest


def test_no_record_and_too_many_set_aside_stop_it(
    plan: Callable[..., IngestPlan], make_file: MakeFile, two_files: list[str], tmp_path: Path
) -> None:
    with pytest.raises(
        InputError, match=r"Received: 1 read, none good; the first: .*none\.csv:2: must not be negative"
    ):
        ingest(plan(make_file("none.csv", "name,count\nx,-1\n")), tmp_path / "out")
    with pytest.raises(InputError, match=r"at most 0 records may be set aside. Received: 1 of 5"):
        ingest(plan(*two_files), tmp_path / "out", execution=Execution(max_quarantined="0"))
    assert (tmp_path / "out.quarantine" / "00000.jsonl").is_file()
    assert not (tmp_path / "out").exists()


def test_a_source_that_changes_meanwhile_stops_it(
    plan: Callable[..., IngestPlan], two_files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(files: tuple[SourceFile, ...], options: dict[str, Any]) -> Derived:
        made = sums(files, options)
        Path(two_files[0]).write_text("name,count\nx,1\n")
        return made

    monkeypatch.setitem(sys.modules, "made_up", SimpleNamespace(sums=changing))
    with pytest.raises(InputError, match=r"(a\.csv: changed while it was read)"):
        ingest(plan(*two_files), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_derived_records_must_be_good(
    plan: Callable[..., IngestPlan], two_files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(files: tuple[SourceFile, ...], options: dict[str, Any]) -> Derived:
        made = sums(files, options)
        table = pa.table({"name": pa.array(["x", None]), "sum": pa.array([1, 2])})
        return Derived(table, SUMS, made.files, made.reports)

    monkeypatch.setitem(sys.modules, "made_up", SimpleNamespace(sums=lacking))
    with pytest.raises(WorkError, match=r"must all be good\. Received: 1"):
        ingest(plan(*two_files), tmp_path / "out")


def test_a_derivation_comes_without_tables(plan: Callable[..., IngestPlan], two_files: list[str]) -> None:
    made = plan(*two_files)
    table = made.records.model_copy(update={"name": "side"})
    with pytest.raises(ValidationError, match="come without tables"):
        IngestPlan.model_validate({**made.model_dump(), "tables": [table.model_dump()]})
