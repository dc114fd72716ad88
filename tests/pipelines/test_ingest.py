"""The real `main` on small made files, against the same sums done plainly."""

import csv
import gzip
import io
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gristmill.data.dataset import Dataset
from gristmill.data.manifest import Manifest
from gristmill.data.plan import SPLITS
from gristmill.errors import InputError, IntegrityError, WorkError
from gristmill.files import sha256_file
from gristmill.staging import partial_path
from pipelines import finish as finishing
from pipelines import ingest as ingesting
from pipelines import stages
from pipelines.ingest import ingest, main

USERS = ("ann", "bob", "7", "07", "zoë", "new\nline", '"quoted"')
HEADER = ("who", "item", "rating", "time")


def _good() -> list[tuple[str, str, int, int]]:
    """Ten events of each user, the times backwards and in pairs, so that the item decides between equal ones."""
    return [
        (u, f"i{(3 * n + place) % 11}", n % 5 + 1, 1000 - n // 2) for place, u in enumerate(USERS) for n in range(10)
    ]


def _csv(rows: list[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *rows])
    return text.getvalue()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good, bad and duplicated events in two files, and a table of items."""
    folder = tmp_path_factory.mktemp("sources")
    good = _good()
    bad = [("ann", "i1", "x", 1), ("", "i1", 1, 1), ("bob", "i1", 9, 1), ("bob", "i1", 1, "1.5.2000")]
    (folder / "a.csv").write_bytes(_csv([*good[:30], *bad, good[0]]).encode() + b"\xff,i1,1,1\nann,i1\n")
    (folder / "b.csv.gz").write_bytes(gzip.compress(_csv([good[1], *good[30:]]).encode()))
    (folder / "items.jsonl").write_text(
        '{"item": "i1", "title": "One", "tags": ["x", "y"], "price": 1.5}\n{"item": "i1"}\n{"item": "i0", "price": null}\n'
        '{"item": "i2", "price": "dear"}\n'
    )
    return folder


def _plan(sources: Path, folder: Path, **changes: Any) -> Path:
    plan = {
        "app": "made",
        "records": {
            "name": "events",
            "paths": [str(sources / "*.csv"), str(sources / "*.csv.gz")],
            "unique": ["user", "item", "rating", "time"],
            "record_schema": {
                "features": [
                    {"name": "user", "kind": "id", "column": "who"},
                    {"name": "item", "kind": "id"},
                    {"name": "rating", "kind": "number", "minimum": 1, "maximum": 5},
                    {"name": "time", "kind": "time"},
                ]
            },
        },
        "split": {"kind": "time", "key": "user", "order_by": ["time", "item"]},
        "tables": [
            {
                "name": "items",
                "paths": [str(sources / "items.jsonl")],
                "unique": ["item"],
                "record_schema": {
                    "features": [
                        {"name": "item", "kind": "id"},
                        {"name": "title", "kind": "text", "missing": "keep"},
                        {"name": "tags", "kind": "sequence", "missing": "keep"},
                        {"name": "price", "kind": "number", "missing": "keep"},
                    ]
                },
            }
        ],
        "shards": 3,
        "info": {"title": "Made"},
        **changes,
    }
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(plan))
    return path


@pytest.fixture(scope="module")
def made(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of those sources."""
    folder = tmp_path_factory.mktemp("made")
    assert main(["--plan", str(_plan(sources, folder)), "--out", str(folder / "dataset")]) == 0
    return folder / "dataset"


def test_every_record_is_written_or_quarantined(made: Path, sources: Path) -> None:
    manifest = Manifest.load(made)
    assert {
        (Path(s.path).name, s.table): (s.read, s.written, s.quarantined) for s in manifest.sources
    } == {
        ("a.csv", "records"): (37, 30, 7),
        ("b.csv.gz", "records"): (41, 40, 1),
        ("items.jsonl", "items"): (4, 2, 2),
    }  # fmt: skip
    assert all(source.sha256 == sha256_file(Path(source.path)) for source in manifest.sources)
    assert (manifest.read, manifest.written, manifest.quarantined) == (82, 72, 10)
    assert manifest.info == {"title": "Made"}


def test_each_users_events_are_split_by_time(made: Path) -> None:
    expected: dict[str, list[dict[str, Any]]] = {name: [] for name in SPLITS}
    for user in USERS:
        events = sorted((row for row in _good() if row[0] == user), key=lambda row: (row[3], row[1]))
        for position, (_, item, rating, time) in enumerate(events):
            split = SPLITS[0 if position < 8 else 1 if position == 8 else 2]
            record = {"user": user, "item": item, "rating": rating, "time": time, "position": position}
            expected[split].append(record | {"key_records": len(events)})
    dataset = Dataset.open(made)
    for split, records in expected.items():
        found = dataset.read(split).to_pylist()
        assert sorted(found, key=_place) == sorted(records, key=_place)
        assert dataset.records(split) == len(records)


def _place(record: dict[str, Any]) -> tuple[str, int]:
    return record["user"], record["position"]


def test_each_rejected_record_stands_in_the_quarantine(made: Path, sources: Path) -> None:
    a, b = str(sources / "a.csv"), str(sources / "b.csv.gz")
    first = "`user`, `item`, `rating`, `time` must be unique. The same stands at "
    entries = {name: _lines(made / "quarantine" / f"{name}.jsonl") for name in ("00000", "00001", "00002")}
    assert [entry["source"] for entry in entries["00000"]] == [a] * 7
    assert [(entry["position"], entry["reason"], entry.get("record")) for entry in entries["00000"]] == [
        (32, "`rating` must be a finite number and at least 1 and at most 5 and present. Received: 'x'", "ann,i1,x,1"),
        (33, "`user` must be a non-empty id and present. Received: None", ",i1,1,1"),
        (34, "`rating` must be a finite number and at least 1 and at most 5 and present. Received: '9'", "bob,i1,9,1"),
        (35, "`time` must be a time, as seconds since 1970 or as ISO 8601 and present. Received: '1.5.2000'", "bob,i1,1,1.5.2000"),
        (36, first + f"{a}:2", "ann,i0,1,1000"),
        (37, "not UTF-8: byte 0xff at byte 0 of the record", None),
        (38, "2 cells where the header has 4", "ann,i1"),
    ]  # fmt: skip
    assert entries["00000"][5]["record_base64"] == "/yxpMSwxLDE="
    assert entries["00001"] == [{"source": b, "position": 2, "reason": first + f"{a}:3", "record": "ann,i3,2,1000"}]
    assert [(entry["position"], entry["record"]) for entry in entries["00002"]] == [
        (2, '{"item": "i1"}'),
        (4, '{"item": "i2", "price": "dear"}'),
    ]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]


def test_the_side_table_and_its_vocabulary(made: Path) -> None:
    dataset = Dataset.open(made)
    assert dataset.table("items").to_pylist() == [
        {"item": "i1", "title": "One", "tags": ["x", "y"], "price": 1.5},
        {"item": "i0", "title": None, "tags": None, "price": None},
    ]
    assert dataset.vocabulary("items.tags") == ["x", "y"]


def test_vocabularies_have_the_most_frequent_in_training_first_and_the_others_after(made: Path) -> None:
    dataset = Dataset.open(made)
    training = Counter(dataset.read("train").column("item").to_pylist())
    others = {item for _, item, _, _ in _good()} - set(training)
    assert dataset.vocabulary("item") == [*sorted(training, key=lambda i: (-training[i], i)), *sorted(others)]
    assert sorted(dataset.vocabulary("user")) == sorted(USERS)


def test_statistics_are_those_of_the_written_records(made: Path) -> None:
    dataset = Dataset.open(made)
    assert set(dataset.statistics) == {*SPLITS, "items"}
    for split in SPLITS:
        ratings = dataset.read(split).column("rating").to_pandas()
        found = dataset.statistics[split]["rating"]
        assert (found["count"], found["mean"]) == (len(ratings), pytest.approx(ratings.mean()))
        assert found["deviation"] == pytest.approx(ratings.std())


def test_nothing_but_the_dataset_is_left(made: Path) -> None:
    listed = {entry.name for entry in Manifest.load(made).files()} | {"manifest.json"}
    assert {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()} == listed
    assert not partial_path(made).exists()


def test_a_second_run_does_nothing(made: Path, sources: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = _state(made)
    plan = _plan(sources, made.parent)
    assert main(["--plan", str(plan), "--out", str(made)]) == 0
    told = capsys.readouterr()
    assert told.err.splitlines() == [f"{made} is up to date: same sources, same options"]
    assert told.out.splitlines() == ["read 82 = written 72 + quarantined 10"]
    assert _state(made) == before


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    found = {path: path.stat() for path in [folder, *folder.rglob("*")]}
    return {str(path): (state.st_ino, state.st_mtime_ns) for path, state in found.items()}


def test_another_run_gives_the_same_bytes(made: Path, sources: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert main(["--plan", str(_plan(sources, tmp_path)), "--out", str(again)]) == 0
    assert Dataset.open(again) == Dataset.open(made)


def test_other_shards_hold_the_same_records_and_a_changed_plan_replaces(
    sources: Path, made: Path, tmp_path: Path
) -> None:
    out = tmp_path / "dataset"
    for shards in (1, 2):
        assert main(["--plan", str(_plan(sources, tmp_path, shards=shards)), "--out", str(out)]) == 0
        other, first = Dataset.open(out), Dataset.open(made)
        assert len(other.shard_paths("train")) == shards
        for split in SPLITS:
            assert sorted(other.read(split).to_pylist(), key=_place) == sorted(
                first.read(split).to_pylist(), key=_place
            )
        assert other.vocabulary("item") == first.vocabulary("item")
    assert {path.name for path in tmp_path.iterdir()} == {"plan.yaml", "dataset"}


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Path]:
    """Makes a plan for one file of that content."""

    def make(content: bytes | str, name: str = "events.csv", **changes: Any) -> Path:
        sources = tmp_path / "sources"
        sources.mkdir(exist_ok=True)
        (sources / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        records = yaml.safe_load(_plan(sources, tmp_path).read_text())["records"] | {"paths": [str(sources / name)]}
        return _plan(sources, tmp_path, **{"records": records, "tables": [], "shards": 1, **changes})

    return make


GOOD = _csv([("u", "i", 1, 1)])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", b"", "x.csv: the file is empty"),
        ("x.csv", GOOD.replace("rating", "ratings").encode(), "x.csv: unknown column 'rating'; did you mean 'ratings'?"),
        ("x.csv.gz", gzip.compress(os.urandom(99))[:-9], "x.csv.gz: the gzip stream is cut or damaged"),
        ("x.csv", b"who,item,rating,time\n", "at least one good record is needed. Received: 0 read, none good"),
        ("x.csv", _csv([("u", "i", 1, "?")]).encode(), "Received: 1 read, none good; the first: "),
    ],
)  # fmt: skip
def test_a_source_that_cannot_be_used_fails_the_whole_ingestion(
    name: str,
    content: bytes,
    message: str,
    small: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = small(content, name)
    assert main(["--plan", str(plan), "--out", str(tmp_path / "out")]) == InputError.exit_status
    assert message in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"plan.yaml", "sources"}


def test_a_table_without_a_good_record_is_an_error(
    small: Callable[..., Path], sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "items.csv").write_text("item\n")
    schema = {"features": [{"name": "item", "kind": "id"}]}
    plan = small(GOOD, tables=[{"name": "items", "paths": [str(tmp_path / "items.csv")], "record_schema": schema}])
    assert main(["--plan", str(plan), "--out", str(tmp_path / "out")]) == 2
    assert "items: at least one good record is needed. Received: 0 read" in capsys.readouterr().out


def test_a_folder_that_is_no_dataset_is_refused(
    small: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = small(GOOD)
    assert main(["--plan", str(plan), "--out", str(tmp_path)]) == 2
    assert "exists and is no dataset; nothing is written over it" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"plan.yaml", "sources"}
    assert main(["--plan", str(plan), "--out", str(plan)]) == 2


def test_a_plan_that_breaks_a_rule_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.yaml").write_text("app: made\n")
    assert main(["--plan", str(tmp_path / "plan.yaml"), "--out", str(tmp_path / "out")]) == 2
    assert main(["--plan", str(tmp_path / "none.yaml"), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().out.count("not a plan") == 2


def test_failures_leave_the_earlier_dataset_intact(
    small: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One dataset, then a changed source with: a failing end, a failing stage, a lost record, a source that changes."""
    out, path = tmp_path / "out", tmp_path / "sources" / "events.csv"
    plan = ingesting.load_plan(small(GOOD))
    ingest(plan, out)
    before = _state(out)

    def harm(module: Any, name: str, effect: Callable[..., Any]) -> None:
        """Has `effect` instead of the named function in the next run of a source that is new each time."""
        path.write_text(GOOD + f"v,i,1,{len(path.read_bytes())}\n")
        monkeypatch.setattr(module, name, effect)

    def fail(*_: Any) -> None:
        raise OSError("no space left on device")

    def change(*arguments: Any) -> Any:
        path.write_text(GOOD + "\n")
        return write_shard(*arguments)

    def lose(*arguments: Any) -> Any:
        made = arrange(*arguments)
        fewer = {name: {file: n - 1 for file, n in counts.items()} for name, counts in made.by_file.items()}
        return replace(made, by_file=fewer)

    write_shard, arrange, vocabularies = stages.write_shard, stages.arrange, finishing.write_vocabularies
    for module, name, effect, restored, error, message in (
        (finishing, "write_vocabularies", fail, vocabularies, WorkError, "could not be written: no space left"),
        (stages, "write_shard", fail, write_shard, WorkError, "could not be written: .*no space left on device"),
        (stages, "arrange", lose, arrange, WorkError, r"events\.csv: read 2 must be written"),
        (stages, "write_shard", change, write_shard, InputError, r"events\.csv: changed while it was read"),
    ):
        harm(module, name, effect)
        with pytest.raises(error, match=message):
            ingest(plan, out)
        monkeypatch.setattr(module, name, restored)
        assert _state(out) == before
        assert {entry.name for entry in tmp_path.iterdir()} == {"plan.yaml", "sources", "out"}
    manifest = ingest(plan, out)
    assert manifest.written == 1
    assert Dataset.open(out).manifest == manifest


def test_a_harmed_dataset_is_made_again(small: Callable[..., Path], tmp_path: Path) -> None:
    plan = ingesting.load_plan(small(GOOD))
    first = ingest(plan, tmp_path / "out")
    (tmp_path / "out" / "vocabulary" / "user.txt").write_text("?\n")
    with pytest.raises(IntegrityError, match=r"user\.txt"):
        Dataset.open(tmp_path / "out")
    link = tmp_path / "link"
    link.symlink_to("out")
    assert ingest(plan, link) == first
    assert Dataset.open(link).vocabulary("user") == ["u"]
    assert link.is_symlink()
