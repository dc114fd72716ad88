"""Runners by name, the same dataset from several workers, and progress from Beam's own counters."""

import time
from pathlib import Path
from typing import Any

import pytest

from gristmill.data.execution import Execution
from gristmill.data.plan import HashSplit, IngestPlan, Source
from gristmill.errors import InputError
from gristmill.files import sha256_file
from gristmill.schema import Feature, Schema
from pipelines import engines, spans
from pipelines.engines import run_pipeline
from pipelines.ingest import ingest
from pipelines.watch import Watch

SCHEMA = Schema(features=(Feature(name="user", kind="id"), Feature(name="score", kind="number")))


class Told:
    """A task that keeps what it is told."""

    def __init__(self) -> None:
        self.done = 0.0
        self.notes: list[str] = []

    def advance(self, amount: float = 1, note: str = "") -> None:
        self.done += amount
        self.notes.append(note)


class Looked(dict[int, Any]):
    """Containers of counters; a stage that counts goes on when the next look at them is over."""

    looks = 0

    def __setitem__(self, place: int, container: Any) -> None:
        super().__setitem__(place, container)
        over = self.looks + 2
        while self.looks < over:
            time.sleep(0.001)

    def items(self) -> Any:
        self.looks += 1
        return super().items()


def plan(folder: Path) -> IngestPlan:
    source = folder / "scores.csv"
    source.write_text("user,score\n" + "".join(f"u{n % 50},{n}\n" for n in range(400)) + "u1,x\n")
    records = Source(name="scores", paths=(str(source),), record_schema=SCHEMA)
    return IngestPlan(app="made", records=records, split=HashSplit(key="user"), shards=3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dask", "refused: .*loses all but one"),
        ("DaskRunner", "refused: .*loses all but one"),
        ("pyspark", "refused: .*loses data"),
        ("DirectRunner", "refused: .*Prism"),
        ("prism", "refused: .*downloaded"),
        ("flunk", "unknown runner 'flunk'; did you mean 'flink'"),
    ],
)
def test_a_runner_that_loses_data_is_refused_by_name(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        ingest(plan(tmp_path), tmp_path / "out", execution=Execution(runner=name))
    assert {path.name for path in tmp_path.iterdir()} == {"scores.csv"}


@pytest.mark.slow
def test_several_workers_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "SPAN_BYTES", 500)
    monkeypatch.setattr(spans, "_CHUNK_BYTES", 100)
    for workers in (1, 2):
        ingest(plan(tmp_path), tmp_path / str(workers), execution=Execution(workers=workers))
    one, two = (
        {path.relative_to(tmp_path / name).as_posix(): sha256_file(path) for path in (tmp_path / name).rglob("*.*")}
        for name in ("1", "2")
    )
    assert one == two
    assert len(one) > 5


def test_counters_are_told_while_a_pipeline_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.watch.SECONDS", 0.001)
    monkeypatch.setattr("pipelines.watch._containers", Looked())
    told, made = Told(), plan(tmp_path)
    monkeypatch.setattr(engines, "Watch", lambda task, size: Watch(told, size))
    ingest(made, tmp_path / "out")
    assert 0 < told.done <= 2 * (tmp_path / "scores.csv").stat().st_size
    assert any(note.startswith("401 rows") and note.endswith("1 set aside") for note in told.notes)


def test_a_watch_sums_bundles_and_never_goes_back() -> None:
    told = Told()
    watch = Watch(told, 1000)
    for bundle, counters in (("a", {"rows": 5, "bytes": 400}), ("b", {"rows": 5, "bytes": 600}), ("a", {"rows": 0})):
        watch.counted(bundle, counters)
    assert told.done == 1000
    watch.counted("c", {"written": 5})
    assert told.done == 1500
    assert told.notes[-1] == "10 rows, 5 written, 0 set aside"


def test_what_fails_in_a_pipeline_is_told(tmp_path: Path) -> None:
    def fail(pipeline: object) -> None:
        raise ValueError("no such transform")

    with pytest.raises(ValueError, match="no such transform"):
        run_pipeline(Execution(), fail, Told(), 1, tmp_path)
