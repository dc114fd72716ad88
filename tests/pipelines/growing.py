"""Events in several files, and ingestions that tell which of them they read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gristmill.data.plan import HashSplit, IngestPlan, Source
from gristmill.progress import Silent
from gristmill.schema import Schema
from pipelines import quarantine, stages
from pipelines.ingest import ingest
from pipelines.readers import read_file

EVENTS = Schema.model_validate(
    {
        "features": [
            {"name": "user", "kind": "id"},
            {"name": "item", "kind": "id"},
            {"name": "rating", "kind": "number", "minimum": 1, "missing": "keep"},
            {"name": "level", "kind": "category", "dtype": "int64"},
            {"name": "time", "kind": "time"},
            {"name": "tags", "kind": "sequence", "missing": "keep"},
        ]
    }
)
ITEMS = Schema.model_validate({"features": [{"name": "item", "kind": "id"}, {"name": "title", "kind": "text"}]})


@dataclass
class Ingested(Silent):
    """One ingestion: the manifest, what it told, and the files that it read."""

    told: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    manifest: Any = None

    def line(self, text: str) -> None:
        self.told.append(text)


def make(plan: IngestPlan, out: Path) -> Ingested:
    """Ingests and records which files are read."""
    made = Ingested()

    def recorded(source: Any, *arguments: Any) -> Iterator[Any]:
        made.read.add(Path(source.path).name)
        return read_file(source, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        for module in (stages, quarantine):
            patch.setattr(module, "read_file", recorded)
        made.manifest = ingest(plan, out, made)
    return made


def rows_of(name: str) -> list[str]:
    """Sixty records, of which two are none; each file repeats two of every one before it, and e a third of c."""
    n = "abcde".index(name)
    rows = [
        f"u{7 * n + i % 13},i{i},{'' if i % 9 == 4 else i % 5 + 1},{i % 3},{1000 * n + i},t{i % 4} t{n}"
        for i in range(58)
    ]
    repeated = [row for before in "abcde"[:n] for row in rows_of(before)[:2]]
    repeated += [rows_of("c")[5]] if name == "e" else []
    return [*rows, *repeated, f"?,?,0,{n},?,", f"u{n},i"]


def write_sources(folder: Path) -> Path:
    """Five files of events and one of items."""
    folder.mkdir()
    for name in "abcde":
        (folder / f"{name}.csv").write_text("\n".join(["user,item,rating,level,time,tags", *rows_of(name)]) + "\n")
    (folder / "items.jsonl").write_text(
        "".join(json.dumps({"item": f"i{i}", "title": f"Title {i}"}) + "\n" for i in range(58))
    )
    return folder


def plan_of(sources: Path, names: tuple[str, ...] | str, **settings: Any) -> IngestPlan:
    """A plan of those files of events, and of the items."""
    paths = tuple(str(sources / f"{name}.csv") for name in names)
    records = Source(name="events", paths=paths, record_schema=EVENTS, unique=("user", "item"))
    items = Source(name="items", paths=(str(sources / "items.jsonl"),), record_schema=ITEMS, unique=("item",))
    given = {"split": HashSplit(key="user"), "shards": 3, "tables": (items,), **settings}
    return IngestPlan(app="made", records=records, **given)
