"""A pipeline that is killed anywhere, and started again, makes what an undisturbed one makes; a full disk harms nothing."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from gristmill.data.dataset import Dataset
from tests.pipelines.faults import ROOT, Run, Runs

SEED = 20260101
POINTS = 25
PLANS = (("first", "events-[ab].csv", 2), ("added", "events-*.csv", 2), ("other", "events-*.csv", 1))
SCHEMA = [{"name": "user", "kind": "id"}, {"name": "item", "kind": "id"}, {"name": "x", "kind": "number"}]


@dataclass(frozen=True)
class World:
    """Plans, and the datasets that undisturbed runs make of them.

    `first` reads two files; `added` a third one too; `other` the same three under other options.
    """

    runs: Runs
    folder: Path
    seconds: float = 0
    """How long a run takes."""

    def plan(self, name: str) -> Path:
        return self.folder / f"{name}.yaml"

    def made(self, name: str) -> Path:
        return self.folder / name / "dataset"


def _plan(folder: Path, pattern: str, shards: int) -> str:
    tables = [{"name": "items", "paths": [str(folder / "items.csv")], "record_schema": {"features": SCHEMA[1:2]}}]
    records = {"name": "records", "paths": [str(folder / pattern)], "unique": ["user", "x"]}
    records["record_schema"] = {"features": SCHEMA}
    split = {"kind": "hash", "key": "user"}
    return yaml.safe_dump({"app": "made", "records": records, "split": split, "tables": tables, "shards": shards})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("faults")
    for n, name in enumerate("abc"):
        rows = [f"u{i % 50},i{i % 7},{i + 900 * n}" for i in range(1000)]  # a tenth of a file repeats the one before
        (folder / f"events-{name}.csv").write_text("\n".join(["user,item,x", *rows, "?,?,?"]) + "\n")
    (folder / "items.csv").write_text("item\n" + "".join(f"i{n}\n" for n in range(7)))
    with Runs() as runs:
        world = World(runs, folder)
        for name, pattern, shards in PLANS:
            world.plan(name).write_text(_plan(folder, pattern, shards))
            if name == "added":
                shutil.copytree(world.made("first"), world.made("added"))
            run = runs.run(world.plan(name), world.made(name))
            assert run.status == 0, run.text
        world = replace(world, seconds=run.seconds)
        yield world


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def put(world: World, before: str | None, out: Path) -> Path:
    """Has the dataset that was there before stand at `out`."""
    if before:
        shutil.copytree(world.made(before), out)
    else:
        out.parent.mkdir()
    return out


def killed_and_started_again(world: World, name: str, before: str | None, out: Path, **kill: float) -> int:
    """Kills a run and starts it again; gives its status.

    What was there before can be read at any time, and so can what stands in its place; afterwards all is as if nothing
    had happened.
    """
    put(world, before, out)
    status = world.runs.run(world.plan(name), out, **kill).status
    assert status in (-9, 0), kill
    if before:
        assert Dataset.open(out) in (Dataset.open(world.made(before)), Dataset.open(world.made(name))), kill
    again = world.runs.run(world.plan(name), out)
    assert again.status == 0, (kill, again.text)
    assert content(out) == content(world.made(name)), kill
    assert [entry.name for entry in out.parent.iterdir()] == [out.name], kill
    return status


CHANGES = [("first", None), ("added", "first"), ("other", "added")]
NAMES = ["made anew", "files added", "replaced"]


@pytest.mark.parametrize(("name", "before"), CHANGES, ids=NAMES)
def test_killed_at_its_last_steps_and_some_others(name: str, before: str | None, world: World, tmp_path: Path) -> None:
    """The last steps are those in which the new dataset takes its place."""
    steps = world.runs.run(world.plan(name), put(world, before, tmp_path / "whole" / "dataset")).steps
    points = [steps // 3, *range(steps - 9, steps, 2)]
    for point in points:
        out = tmp_path / str(point) / "dataset"
        assert killed_and_started_again(world, name, before, out, kill_at=point) == -9


@pytest.mark.slow
@pytest.mark.parametrize(("name", "before"), CHANGES, ids=NAMES)
def test_killed_at_random_steps(name: str, before: str | None, world: World, tmp_path: Path) -> None:
    draw = random.Random(f"{SEED} {name}")
    steps = world.runs.run(world.plan(name), put(world, before, tmp_path / "whole" / "dataset")).steps
    for point in draw.sample(range(steps), POINTS):
        out = tmp_path / str(point) / "dataset"
        assert killed_and_started_again(world, name, before, out, kill_at=point) == -9


@pytest.mark.slow
@pytest.mark.parametrize(("name", "before"), CHANGES[:2], ids=NAMES[:2])
def test_killed_at_random_times(name: str, before: str | None, world: World, tmp_path: Path) -> None:
    draw = random.Random(f"{SEED} times of {name}")
    killed = 0
    for point in range(POINTS // 2):
        after = draw.uniform(0, world.seconds)
        killed += killed_and_started_again(world, name, before, tmp_path / str(point) / "dataset", kill_after=after) < 0
    assert killed > POINTS // 4


@pytest.mark.slow
def test_the_command_itself_killed_time_after_time(world: World, tmp_path: Path) -> None:
    """Without the helper: the same command, killed ever later, and then left alone."""
    out = tmp_path / "place" / "dataset"
    command = [sys.executable, "-m", "pipelines.ingest", "--plan", str(world.plan("first")), "--out", str(out)]
    for seconds in (1.5, 3, 4.5):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
    assert subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    assert content(out) == content(world.made("first"))
    assert [entry.name for entry in out.parent.iterdir()] == [out.name]


def assert_a_clear_end(run: Run, out: Path, words: str, before: dict[str, bytes]) -> None:
    """The error tells what was not written and why; what stood there is untouched, and nothing is left beside it."""
    assert run.status == 1, run.text
    (error,) = [line for line in run.text.splitlines() if line.startswith("error: ")]
    assert str(out) in error
    assert words in error
    assert content(out) == before
    assert [entry.name for entry in out.parent.iterdir()] == ([out.name] if before else [])


@pytest.mark.parametrize("most_bytes", [300, 1000, 6000])
@pytest.mark.parametrize(("name", "before"), CHANGES, ids=NAMES)
def test_a_file_that_cannot_grow(name: str, before: str | None, most_bytes: int, world: World, tmp_path: Path) -> None:
    out = put(world, before, tmp_path / "place" / "dataset")
    held = content(out)
    run = world.runs.run(world.plan(name), out, most_bytes=most_bytes)
    assert_a_clear_end(run, out, "File too large", held)


@pytest.mark.parametrize("kib", [16, 100])
def test_a_full_disk(kib: int, world: World, tmp_path: Path) -> None:
    """A small disk in memory, mounted where the rights allow it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(disk)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no right to mount")
    try:
        out = disk / "dataset"
        assert_a_clear_end(world.runs.run(world.plan("first"), out), out, "No space left on device", {})
    finally:
        subprocess.run(["umount", str(disk)], check=True)
