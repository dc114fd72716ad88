"""The harmed files through the whole pipeline: what stands in the dataset and in the quarantine, and what stops a run."""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gristmill.data.dataset import Dataset
from gristmill.data.execution import Execution
from gristmill.data.manifest import Manifest
from gristmill.data.plan import SPLITS, HashSplit, IngestPlan, Source
from gristmill.errors import InputError
from gristmill.schema import Schema
from pipelines import stages
from pipelines.ingest import ingest
from pipelines.readers import delimited
from tests.pipelines import exact_cases, exact_pairs, exact_parquet
from tests.pipelines.exact_all import CASES
from tests.pipelines.exact_cases import FORMATS, SCHEMA, Case, Line
from tests.pipelines.exact_files import MEDDLINGS

ONE_SCHEMA = [case for case in CASES if case.other is None and not case.columns and not case.large]
"""Cases that one plan can read together: all but parallel files and those whose columns the plan names."""
GOOD = [case for case in ONE_SCHEMA if not case.error]
FAILING = [case for case in ONE_SCHEMA if case.error and not case.meddle]


def put(case: Case, folder: Path) -> str:
    """Writes a case's file (or two) into a folder of its own; gives what a plan calls it."""
    folder.mkdir(parents=True)
    path = folder / case.file
    path.write_bytes(case.content)
    if case.other is None:
        return str(path)
    path.with_suffix(".de").write_bytes(case.other)
    return f"{path}::{path.with_suffix('.de')}"


def plan_of(*paths: str, schema: Schema = SCHEMA, key: str = "user", **settings: Any) -> IngestPlan:
    source = {"columns": settings.pop("columns", ()), "unique": settings.pop("unique", ())}
    records = Source(name="records", paths=paths, record_schema=schema, **source)
    return IngestPlan(app="made", records=records, split=HashSplit(key=key), shards=2, **settings)


def records_of(dataset: Dataset) -> list[str]:
    return [repr(record) for split in SPLITS for record in dataset.read(split).to_pylist()]


def quarantine_of(folder: Path) -> dict[str, dict[int, dict[str, Any]]]:
    """What is set aside, by source and position."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for path in folder.glob("*.jsonl"):
        for line in path.read_text("utf-8").split("\n")[:-1]:
            entry = json.loads(line)
            assert entry["position"] not in found.setdefault(entry["source"], {})
            found[entry["source"]][entry["position"]] = entry
    return found


def test_every_record_of_all_files_stands_in_the_dataset_or_in_the_quarantine(tmp_path: Path) -> None:
    cases = {put(case, tmp_path / f"{n:03d}"): case for n, case in enumerate(GOOD)}
    assert len(cases) >= 200
    manifest = ingest(plan_of(*cases), tmp_path / "out")
    assert {s.path: (s.read, s.written, s.quarantined) for s in manifest.sources} == {
        path: (len(case.written) + len(case.aside), len(case.written), len(case.aside)) for path, case in cases.items()
    }
    expected = Counter(repr(record) for case in cases.values() for record in case.written.values())
    assert Counter(records_of(Dataset.open(tmp_path / "out"))) == expected
    found = quarantine_of(tmp_path / "out" / "quarantine")
    assert {path: sorted(entries) for path, entries in found.items()} == {
        path: sorted(case.aside) for path, case in cases.items() if case.aside
    }
    for path, entries in found.items():
        for position, entry in entries.items():
            reason, record = cases[path].aside[position]
            assert reason in entry["reason"]
            if record and "record" in entry:
                assert entry["record"].encode() == record


def test_every_file_that_cannot_be_read_is_named_and_no_dataset_is_written(tmp_path: Path) -> None:
    cases = {put(case, tmp_path / f"{n:03d}"): case for n, case in enumerate(FAILING)}
    with pytest.raises(InputError) as error:
        ingest(plan_of(*cases), tmp_path / "out")
    messages = str(error.value).split("\n")
    for path, case in cases.items():
        assert [m for m in messages if path in m and re.search(case.error.replace("(", "(?:"), m)], case.name
    assert not [entry.name for entry in tmp_path.iterdir() if "out" in entry.name]


@pytest.mark.parametrize("name", ["csv", "csv.gz", "jsonl", "parquet", "pairs"])
@pytest.mark.parametrize(("what", "meddle"), [MEDDLINGS[0], MEDDLINGS[3]], ids=["cut", "changed"])
def test_a_file_that_changes_under_way_stops_the_run(
    name: str, what: str, meddle: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {"parquet": exact_parquet.table_case(""), "pairs": exact_pairs.pairs("")}
    case = whole[name] if name in whole else FORMATS[name].case("", FORMATS[name].lines())
    path = put(case, tmp_path / "sources")
    find = stages.portions

    def find_and_meddle(*arguments: Any) -> Any:
        found = find(*arguments)
        meddle(Path(path.split("::")[0]))
        return found

    monkeypatch.setattr(stages, "portions", find_and_meddle)
    pairs = {"schema": exact_pairs.SCHEMA, "key": "source"} if name == "pairs" else {}
    with pytest.raises(InputError, match=re.escape(path) + ": changed while it was read"):
        ingest(plan_of(path, **pairs), tmp_path / "out")
    assert {entry.name for entry in tmp_path.iterdir()} == {"sources"}


def test_duplicates_are_set_aside_in_every_format(tmp_path: Path) -> None:
    cases = dict[str, tuple[Case, int]]()
    for n, made in enumerate(made for made in FORMATS.values() if not made.columns):
        own = [record | {"user": f"{n}-{record['user']}"} for record in made.records()]
        head = made.lines()[:1] if made.header else []
        lines = [*head, *(Line(made.line(record), record) for record in own)]
        case = made.case(
            "", [*lines, Line(lines[-1].text, reason="must be unique"), Line(lines[-4].text, reason="must")]
        )
        cases[put(case, tmp_path / f"{n}")] = case, max(case.written)
    own = [record | {"user": f"p-{record['user']}"} for record in exact_cases.base_records()]
    content = exact_parquet.written(exact_parquet.table([*own, own[3]]))
    parquet = put(Case("", "x.parquet", content), tmp_path / "p")
    manifest = ingest(plan_of(*cases, parquet, unique=("user", "item")), tmp_path / "out")
    found = quarantine_of(tmp_path / "out" / "quarantine")
    for path, (case, last) in cases.items():
        assert sorted(found[path]) == sorted(case.aside)
        assert [entry["record"].encode() for _, entry in sorted(found[path].items())] == [
            record for _, (_, record) in sorted(case.aside.items())
        ]
        twin = found[path][min(case.aside)]["reason"]
        assert twin == f"`user`, `item` must be unique. The same stands at {path}:{last}"
    assert list(found[parquet]) == [13]
    assert (manifest.written, manifest.quarantined) == (7 * 12, 6 * 2 + 1)


def test_a_long_span_is_put_aside_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    form = FORMATS["csv.gz"]
    plan = plan_of(put(form.case("", form.lines()), tmp_path / "sources"))
    ingest(plan, tmp_path / "at once")
    monkeypatch.setattr(delimited, "_CHUNK_BYTES", 83)
    monkeypatch.setattr(stages, "_HELD_BYTES", 200)
    spill, spilt = stages.spill, []
    monkeypatch.setattr(stages, "spill", lambda *given: spilt.append(given) or spill(*given))
    ingest(plan, tmp_path / "in parts")
    assert len(spilt) > 3
    assert Dataset.open(tmp_path / "in parts") == Dataset.open(tmp_path / "at once")


def _with_bad(folder: Path, bad: int, repeated: int = 0) -> str:
    made = FORMATS["csv"]
    lines = made.lines()
    lines[1 : 1 + bad] = [Line(b"x" + line.text.replace(b",1", b",x")) for line in lines[1 : 1 + bad]]
    return put(made.case("", [*lines, *lines[-1:] * repeated]), folder)


@pytest.mark.parametrize(("limit", "bad"), [("10%", 2), ("1", 2), ("0", 1)])
def test_too_many_records_in_quarantine_stop_the_run_before_shards_are_written(
    limit: str, bad: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, plan = tmp_path / "out", plan_of(put(FORMATS["csv"].case("", FORMATS["csv"].lines()), tmp_path / "good"))
    first = ingest(plan, out)
    monkeypatch.setattr(stages, "write_shard", lambda *_: pytest.fail("a shard is written"))
    harmed = plan_of(_with_bad(tmp_path / "bad", bad))
    with pytest.raises(InputError, match=rf"at most .* may be set aside. Received: {bad} of 12; they are kept in"):
        ingest(harmed, out, execution=Execution(max_quarantined=limit))
    kept = quarantine_of(tmp_path / "out.quarantine")
    assert [sorted(entries) for entries in kept.values()] == [list(range(2, 2 + bad))]
    assert Dataset.open(out).manifest == first
    assert {entry.name for entry in tmp_path.iterdir()} == {"good", "bad", "out", "out.quarantine"}


def test_duplicates_count_for_the_limit_too_and_a_run_within_it_removes_what_was_kept(tmp_path: Path) -> None:
    out, plan = tmp_path / "out", plan_of(_with_bad(tmp_path / "bad", 1, repeated=1), unique=("user", "item"))
    with pytest.raises(InputError, match=r"at most 1 records may be set aside. Received: 2 of 13"):
        ingest(plan, out, execution=Execution(max_quarantined="1"))
    assert not out.exists()
    assert [sorted(entries) for entries in quarantine_of(tmp_path / "out.quarantine").values()] == [[2, 14]]
    manifest = ingest(plan, out, execution=Execution(max_quarantined="2"))
    assert (manifest.read, manifest.quarantined) == (13, 2)
    assert Manifest.load(out) == manifest
    assert {entry.name for entry in tmp_path.iterdir()} == {"bad", "out"}


@pytest.mark.parametrize("limit", ["1.5", "-1", "many", "%", "1 %%"])
def test_a_limit_that_is_none_is_refused(limit: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--max-quarantined must be a share such as 1% or a number of records"):
        ingest(plan_of("x.csv"), tmp_path / "out", execution=Execution(max_quarantined=limit))
