"""Where files cannot just be added to a dataset everything is read again, and the reason is told."""

from pathlib import Path
from typing import Any

import pytest

from gristmill.data.dataset import Dataset
from gristmill.data.manifest import Manifest
from gristmill.data.plan import HashSplit, Layout
from tests.pipelines.growing import make, plan_of, write_sources


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    return write_sources(tmp_path / "sources")


def _change_file(sources: Path) -> dict[str, Any]:
    with open(sources / "b.csv", "a") as file:
        file.write("u,i99,1,1,1,\n")
    return {}


def _take_away(sources: Path) -> dict[str, Any]:
    return {"names": "bce"}


def _rename(sources: Path) -> dict[str, Any]:
    (sources / "b.csv").rename(sources / "x.csv")
    return {"names": "xdce"}


def _change_table(sources: Path) -> dict[str, Any]:
    with open(sources / "items.jsonl", "a") as file:
        file.write('{"item": "i99", "title": "More"}\n')
    return {}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_change_file, "a file of the dataset was changed or taken away"),
        (_take_away, "a file of the dataset was changed or taken away"),
        (_rename, "a file of the dataset was changed or taken away"),
        (_change_table, "a side table changed"),
        (lambda _: {"shards": 2}, "other options, or another version of gristmill"),
        (lambda _: {"split": HashSplit(key="user", fractions=(0.5, 0.25, 0.25))}, "other options"),
        (lambda _: {"info": {"title": "Made"}}, "other options"),
        (lambda _: {"layout": Layout(kind="packed")}, "other options"),
    ],
    ids=["file changed", "file gone", "file renamed", "table changed", "shards", "split", "info", "layout"],
)
def test_everything_is_read_again_and_the_reason_told(change: Any, reason: str, sources: Path, tmp_path: Path) -> None:
    make(plan_of(sources, "bd"), tmp_path / "out")
    settings = {"names": "bcde", **change(sources)}
    plan = plan_of(sources, settings.pop("names"), **settings)
    again = make(plan, tmp_path / "out")
    assert [line for line in again.told if line.startswith(f"everything is read again: {reason}")] == again.told != []
    assert again.read == {Path(path).name for source in plan.sources for path in source.paths}
    assert again.manifest.generation == 0
    make(plan, tmp_path / "whole")
    assert Dataset.open(tmp_path / "out") == Dataset.open(tmp_path / "whole")


def test_a_harmed_dataset_is_not_added_to(sources: Path, tmp_path: Path) -> None:
    make(plan_of(sources, "bd"), tmp_path / "out")
    shard = tmp_path / "out" / Manifest.load(tmp_path / "out").splits["train"][0].name
    shard.write_bytes(shard.read_bytes()[:-1])
    again = make(plan_of(sources, "bcd"), tmp_path / "out")
    assert [line.startswith(f"everything is read again: {shard}: must have") for line in again.told] == [True]
    assert Dataset.open(tmp_path / "out").manifest.generation == 0
