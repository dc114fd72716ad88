"""A small made data set and the `gristmill` command, run as a user runs it."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gristmill.cli.main import main


@dataclass(frozen=True)
class Done:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on standard output."""
        return json.loads(self.out)


def run_command(*words: str | Path, cwd: Path, **environment: str) -> Done:
    """Runs `gristmill` in a process of its own, in a folder."""
    command = [sys.executable, "-m", "gristmill.cli", *map(str, words)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=os.environ | environment, timeout=280)
    return Done(done.returncode, done.stdout, done.stderr)


def write_interactions(path: Path, users: int = 40, items: int = 24, events: int = 16) -> None:
    """Users of even items and users of odd items, in a random order; one row is bad and one stands twice."""
    chance = random.Random(0)
    lines = ["user,item,rating,time"]
    for user in range(users):
        own = [item for item in range(items) if item % 2 == user % 2]
        met = chance.sample(own, min(events - 4, len(own))) + chance.sample(
            [i for i in range(items) if i not in own], 4
        )
        chance.shuffle(met)
        for second, item in enumerate(met):
            rating = 5 if item % 2 == user % 2 else 2
            lines.append(f"u{user},i{item},{rating},{1000 + 60 * second}")
    lines += ["u1,i1,five,99", lines[1]]
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def command() -> Callable[..., Done]:
    """`command(*words, cwd=folder)` runs `gristmill`."""
    return run_command


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """`answer(*words, cwd=folder)` runs `gristmill` in this process: for what is refused, or only looked at."""

    def run(*words: str | Path, cwd: Path) -> Done:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["gristmill", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        return Done(int(left.value.code or 0), *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `ratings.csv` and `items.csv`."""
    folder = tmp_path_factory.mktemp("work")
    write_interactions(folder / "ratings.csv")
    rows = [f"i{item},Film {item},{'even' if item % 2 == 0 else 'odd'}|all" for item in range(24)]
    (folder / "items.csv").write_text("\n".join(["item,title,genres", *rows]) + "\n")
    return folder


@pytest.fixture(scope="session")
def ingested(work: Path) -> Done:
    """`ingest` on the small data set."""
    options = ["--interactions", "ratings.csv", "--items", "items.csv", "--out", "data", "--json"]
    return run_command("ingest", "recommend", *options, cwd=work)


@pytest.fixture(scope="session")
def trained(work: Path, ingested: Done) -> Done:
    """`train` on it with the small preset."""
    assert ingested.status == 0, ingested.err
    options = ["--dataset", "data", "--out", "runs/first", "--preset", "small", "--seed", "1", "--json"]
    return run_command(
        "train", "recommend", *options, "--set", "retrieval.history=32", "--set", "retrieval.window=16", cwd=work
    )


@pytest.fixture(scope="session")
def exported(work: Path, trained: Done) -> dict[str, Done]:
    """`evaluate` and `export` of the run."""
    assert trained.status == 0, trained.err
    evaluated = run_command("evaluate", "first", "--json", cwd=work)
    return {
        "evaluate": evaluated,
        "export": run_command("export", "runs/first", "--lite", "f32,dynamic", "--json", cwd=work),
    }
