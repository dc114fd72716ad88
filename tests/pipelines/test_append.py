"""Files that are added to a dataset: only they are read, and all is as if everything had been read at once."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gristmill.data.dataset import Dataset
from gristmill.data.plan import SPLITS, Layout
from gristmill.errors import InputError
from tests.pipelines.growing import make, plan_of, rows_of, write_sources

OLD = "bd"
"""Old files; in the order of their names they and the new ones take turns."""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    return write_sources(tmp_path / "sources")


def records(dataset: Dataset, split: str) -> list[str]:
    return sorted(map(repr, dataset.read(split).to_pylist()))


def set_aside(dataset: Dataset) -> list[list[dict[str, Any]]]:
    """The quarantine, file by file."""
    texts = [(dataset.path / entry.name).read_text("utf-8") for entry in dataset.manifest.quarantine]
    return [[json.loads(line) for line in text.split("\n")[:-1]] for text in texts]


LAYOUTS = [Layout(), Layout(kind="packed", compression="none", rows=8)]


@pytest.mark.parametrize("layout", LAYOUTS, ids=["plain", "packed"])
def test_old_and_new_files_together_give_what_all_of_them_give_at_once(
    layout: Layout, sources: Path, tmp_path: Path
) -> None:
    out = tmp_path / "grown"
    old = make(plan_of(sources, OLD, layout=layout), out)
    before = Dataset.open(shutil.copytree(out, tmp_path / "before"))
    new = make(plan_of(sources, "abcde", layout=layout), out)
    whole_plan = plan_of(sources, "abcde", layout=layout)
    assert make(whole_plan, tmp_path / "whole").read == {*(f"{name}.csv" for name in "abcde"), "items.jsonl"}
    grown, whole = Dataset.open(out), Dataset.open(tmp_path / "whole")

    assert old.read == {"b.csv", "d.csv", "items.jsonl"}
    assert new.read == {"a.csv", "c.csv", "e.csv"}
    assert new.told == ["3 of 6 files are new: only these are read"]
    assert (grown.manifest.generation, whole.manifest.generation) == (1, 0)
    assert (grown.manifest.read, grown.manifest.written) == (whole.manifest.read, whole.manifest.written)
    for split in SPLITS:
        assert records(grown, split) == records(whole, split)
        assert set(records(before, split)) <= set(records(grown, split))
    assert grown.table("items") == whole.table("items")
    assert (
        set(grown.manifest.vocabularies) == set(whole.manifest.vocabularies) == {"user", "item", "tags", "items.item"}
    )
    for name in whole.manifest.vocabularies:
        assert grown.vocabulary(name) == whole.vocabulary(name)
    assert nearly(grown.statistics) == whole.statistics

    shards = [entry for entries in before.manifest.splits.values() for entry in entries]
    assert {entry.name for entry in shards} <= {
        entry.name for entries in grown.manifest.splits.values() for entry in entries
    }
    for entry in shards:
        assert (out / entry.name).read_bytes() == (before.path / entry.name).read_bytes()
    listed = {entry.name for entry in grown.manifest.files()} | {"manifest.json"}
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == listed


def nearly(value: Any) -> Any:
    """The same figures, but floating-point numbers only to their last digits, in which the order of a sum shows."""
    if isinstance(value, dict):
        return {key: nearly(each) for key, each in value.items()}
    if isinstance(value, list):
        return [nearly(each) for each in value]
    return pytest.approx(value, rel=1e-12) if isinstance(value, float) else value


def test_what_repeats_old_records_is_set_aside_and_the_numbering_goes_on(sources: Path, tmp_path: Path) -> None:
    make(plan_of(sources, OLD), tmp_path / "out")
    before = set_aside(Dataset.open(tmp_path / "out"))
    make(plan_of(sources, "abcde"), tmp_path / "out")
    dataset = Dataset.open(tmp_path / "out")
    names = [Path(source.path).name for source in dataset.manifest.sources]
    assert names == ["b.csv", "d.csv", "items.jsonl", "a.csv", "c.csv", "e.csv"]
    assert [entry.name for entry in dataset.manifest.quarantine] == [
        f"quarantine/0000{n}.jsonl" for n in (0, 1, 3, 4, 5)
    ]
    found = set_aside(dataset)
    assert found[:2] == before
    assert [{Path(entry["source"]).name for entry in entries} for entries in found] == [
        {names[n]} for n in (0, 1, 3, 4, 5)
    ]
    in_the_dataset = "`user`, `item` must be unique. The same stands in the dataset already"
    a, c, e = ({entry["record"]: entry["reason"] for entry in entries} for entries in found[2:])
    assert a[rows_of("a")[0]] == in_the_dataset  # b, which was there first, repeats it
    assert c[rows_of("b")[1]] == in_the_dataset
    assert e[rows_of("c")[5]] == f"`user`, `item` must be unique. The same stands at {sources / 'c.csv'}:7"
    assert e["?,?,0,4,?,"].startswith("`rating` must be")
    assert dataset.manifest.written + dataset.manifest.quarantined == dataset.manifest.read == 5 * 60 + 20 + 1 + 58


def test_a_second_call_does_nothing_and_says_so(sources: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for names in (OLD, "abcde"):
        first = make(plan_of(sources, names), out)
        before = state(out)
        again = make(plan_of(sources, names), out)
        assert (again.told, again.read) == ([f"{out} is up to date: same sources, same options"], set())
        assert again.manifest == first.manifest
        assert state(out) == before
        assert {entry.name for entry in tmp_path.iterdir()} == {"sources", "out"}


def state(folder: Path) -> dict[Path, tuple[int, int]]:
    found = {path: path.stat() for path in [folder, *folder.rglob("*")]}
    return {path: (each.st_ino, each.st_mtime_ns) for path, each in found.items()}


def test_files_can_be_added_again_and_again_in_any_number(sources: Path, tmp_path: Path) -> None:
    for generation, names in enumerate(("a", "ab", "abc", "abcde")):
        made = make(plan_of(sources, names), tmp_path / "out")
        assert made.manifest.generation == generation
    make(plan_of(sources, "abcde"), tmp_path / "whole")
    grown, whole = Dataset.open(tmp_path / "out"), Dataset.open(tmp_path / "whole")
    assert [records(grown, split) for split in SPLITS] == [records(whole, split) for split in SPLITS]
    assert nearly(grown.statistics) == whole.statistics
    assert sum(map(len, set_aside(grown))) == sum(map(len, set_aside(whole)))


def test_a_file_that_only_repeats_old_records_can_be_added(sources: Path, tmp_path: Path) -> None:
    first = make(plan_of(sources, "a"), tmp_path / "out").manifest
    shutil.copy(sources / "a.csv", sources / "z.csv")
    made = make(plan_of(sources, "az"), tmp_path / "out").manifest
    assert made.splits == first.splits
    assert (made.sources[-1].read, made.sources[-1].written, made.sources[-1].quarantined) == (60, 0, 60)
    assert Dataset.open(tmp_path / "out").manifest == made


def test_a_new_file_that_cannot_be_read_leaves_the_dataset_as_it_was(sources: Path, tmp_path: Path) -> None:
    first = make(plan_of(sources, "ab"), tmp_path / "out").manifest
    (sources / "c.csv").write_text("user,item\nu,i\n")
    with pytest.raises(InputError, match=r"c\.csv: unknown column 'rating'"):
        make(plan_of(sources, "abc"), tmp_path / "out")
    assert Dataset.open(tmp_path / "out").manifest == first
    assert {entry.name for entry in tmp_path.iterdir()} == {"sources", "out"}
