"""Files that are added to a dataset split by time: only they are read, and each key's last records are its last again."""

from pathlib import Path

import pytest

from gristmill.data.dataset import Dataset
from gristmill.data.plan import SPLITS, Layout, TimeSplit
from gristmill.errors import WorkError
from pipelines import held, stages
from tests.pipelines.growing import make, plan_of, write_sources
from tests.pipelines.test_append import nearly, records

BY_TIME = TimeSplit(key="user", order_by=("time",))
ANEW = "; the dataset's own records are arranged anew with theirs"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    return write_sources(tmp_path / "sources")


@pytest.mark.parametrize(
    "layout", [Layout(), Layout(kind="packed", compression="none", rows=8)], ids=["plain", "packed"]
)
def test_a_grown_dataset_holds_what_a_whole_ingestion_holds(layout: Layout, sources: Path, tmp_path: Path) -> None:
    settings = {"split": BY_TIME, "layout": layout}
    for generation, names in enumerate(("b", "bd", "abcde")):
        made = make(plan_of(sources, names, **settings), tmp_path / "out")
        assert made.manifest.generation == generation
    assert made.told == ["3 of 6 files are new: only these are read" + ANEW]
    assert made.read == {"a.csv", "c.csv", "e.csv"}
    whole_manifest = make(plan_of(sources, "abcde", **settings), tmp_path / "whole").manifest
    grown, whole = Dataset.open(tmp_path / "out"), Dataset.open(tmp_path / "whole")
    assert [records(grown, split) for split in SPLITS] == [records(whole, split) for split in SPLITS]
    assert nearly(grown.statistics) == whole.statistics
    assert {name: grown.vocabulary(name) for name in grown.manifest.vocabularies} == {
        name: whole.vocabulary(name) for name in whole.manifest.vocabularies
    }
    assert (made.manifest.read, made.manifest.written) == (whole_manifest.read, whole_manifest.written)
    listed = {entry.name for entry in grown.manifest.files()} | {"manifest.json"}
    assert {p.relative_to(grown.path).as_posix() for p in grown.path.rglob("*") if p.is_file()} == listed
    again = make(plan_of(sources, "abcde", **settings), tmp_path / "out")
    assert (again.read, again.manifest) == (set(), made.manifest)


def test_users_without_new_records_keep_their_splits(sources: Path, tmp_path: Path) -> None:
    (sources / "y.csv").write_text("user,item,rating,level,time,tags\nu0,new,5,1,99999,t\n")

    def places(names: str) -> dict[tuple[str, str], str]:
        make(plan_of(sources, names, split=BY_TIME), tmp_path / "out")
        dataset = Dataset.open(tmp_path / "out")
        return {(row["user"], row["item"]): split for split in SPLITS for row in dataset.read(split).to_pylist()}

    before, after = places("a"), places("ay")
    assert {key: split for key, split in after.items() if key[0] != "u0"} == {
        key: split for key, split in before.items() if key[0] != "u0"
    }
    assert after["u0", "new"] == "validation"  # the last of six: five sixths come before it


def test_a_record_that_is_lost_on_the_way_is_noticed(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make(plan_of(sources, "a", split=BY_TIME), tmp_path / "out").manifest
    monkeypatch.setattr(stages, "held_records", lambda *arguments: held.held_records(*arguments).slice(1))
    with pytest.raises(WorkError, match=r"held 5[0-9] records, of which 5[0-9] were arranged anew"):
        make(plan_of(sources, "ab", split=BY_TIME), tmp_path / "out")
    assert Dataset.open(tmp_path / "out").manifest == first
