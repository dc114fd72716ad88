"""A real Flink cluster on this machine gives the dataset that the local runner gives, byte for byte."""

import shutil
from pathlib import Path

import pytest

from gristmill.data.execution import Execution
from gristmill.data.plan import HashSplit, IngestPlan, Source, TimeSplit
from gristmill.files import sha256_file
from gristmill.schema import Feature, Schema
from pipelines.flink import JARS
from pipelines.ingest import ingest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not JARS.is_dir(), reason="Flink is not there: make flink"),
    pytest.mark.skipif(shutil.which("java") is None, reason="Java is not there"),
]


def recommender(folder: Path) -> IngestPlan:
    """Events split by time, duplicates set aside, and a side table."""
    events = "".join(f"u{n % 40},i{n % 23},{n % 5 + 1},{1000 + n}\n" for n in range(900))
    (folder / "events.csv").write_text("user,item,rating,time\n" + events + "u0,i0,1,1000\nu1,i1,x,7\n")
    (folder / "items.csv").write_text("item,title\n" + "".join(f"i{n},Film {n}\n" for n in range(23)))
    schema = Schema(
        features=(
            Feature(name="user", kind="id"),
            Feature(name="item", kind="id"),
            Feature(name="rating", kind="number", minimum=1, maximum=5),
            Feature(name="time", kind="time"),
        )
    )
    items = Schema(features=(Feature(name="item", kind="id"), Feature(name="title", kind="text")))
    return IngestPlan(
        app="made",
        records=Source(name="events", paths=(str(folder / "events.csv"),), record_schema=schema, unique=schema.names),
        split=TimeSplit(key="user", order_by=("time", "item")),
        tables=(Source(name="items", paths=(str(folder / "items.csv"),), record_schema=items, unique=("item",)),),
        shards=3,
    )


def translation(folder: Path) -> IngestPlan:
    """Sentence pairs without a header line, split by the source sentence."""
    (folder / "pairs.tsv").write_text("".join(f"sentence {n % 300}\tfrase {n}\n" for n in range(600)) + "alone\n")
    schema = Schema(features=(Feature(name="source", kind="text"), Feature(name="target", kind="text")))
    records = Source(
        name="pairs", paths=(str(folder / "pairs.tsv"),), record_schema=schema, columns=("source", "target")
    )
    return IngestPlan(app="made", records=records, split=HashSplit(key="source"), shards=2)


@pytest.mark.parametrize("shape", [recommender, translation])
def test_flink_gives_the_same_bytes_as_the_local_runner(shape: object, tmp_path: Path) -> None:
    plan = shape(tmp_path)  # type: ignore[operator]
    made = {}
    for runner, workers in (("local", 1), ("flink", 2)):
        out = tmp_path / runner
        manifest = ingest(plan, out, execution=Execution(runner=runner, workers=workers))
        assert manifest.read == manifest.written + manifest.quarantined
        made[runner] = {p.relative_to(out).as_posix(): sha256_file(p) for p in out.rglob("*") if p.is_file()}
    assert made["flink"] == made["local"]
