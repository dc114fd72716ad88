"""A verb of an app's own, found by its entry point: listed without being loaded, and called like any other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COFFEE = '''"""Brews a cup."""

import typer

from gristmill.errors import InputError

print("loaded")
app = typer.Typer()


@app.command("cup")
def cup(grams: int) -> None:
    """Brew one cup."""
    if grams < 7:
        raise InputError(f"`grams` must be 7 or more. Received: {grams}")
    print(f"a cup of {grams} g")


@app.command("list")
def beans() -> None:
    """List the beans."""
'''
ENTRIES = "coffee = coffee:app\nabsent = no_such_module:app\nodd = os.path:join\ntrain = coffee:app\n"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("packages")
    (folder / "coffee.py").write_text(COFFEE)
    info = folder / "coffee-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: coffee\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[gristmill.verbs]\n{ENTRIES}")
    return {"PYTHONPATH": str(folder)}


def test_help_lists_it_by_its_sentence_and_loads_nothing(
    path: dict[str, str], tmp_path: Path, command: Callable[..., Any]
) -> None:
    told = command("--help", cwd=tmp_path, **path)
    assert told.status == 0
    assert "loaded" not in told.out.splitlines()
    lines = [" ".join(line.split()) for line in told.out.splitlines()]
    assert "coffee Brews a cup." in lines
    assert "absent Cannot be loaded: gristmill doctor tells why." in lines
    assert "train Brews a cup." not in lines, "a name that gristmill has stays its own"


def test_it_is_called_with_the_exit_statuses_of_every_verb(
    path: dict[str, str], tmp_path: Path, command: Callable[..., Any]
) -> None:
    assert command("coffee", "cup", "9", cwd=tmp_path, **path).out.splitlines() == ["loaded", "a cup of 9 g"]
    told = command("coffee", "cup", "3", cwd=tmp_path, **path)
    assert (told.status, told.err) == (2, "error: `grams` must be 7 or more. Received: 3\n")
    assert "loaded" not in command("runs", "--help", cwd=tmp_path, **path).out


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "error: verb absent (no_such_module:app) cannot be loaded: ModuleNotFoundError"),
        ("odd", "error: entry point odd = os.path:join must be a typer.Typer. Received: function"),
    ],
)
def test_one_that_cannot_be_loaded_says_so_and_breaks_no_other(
    name: str, message: str, path: dict[str, str], tmp_path: Path, command: Callable[..., Any]
) -> None:
    told = command(name, "cup", cwd=tmp_path, **path)
    assert told.status == 2
    assert told.err.startswith(message)
    findings = command("doctor", "--json", cwd=tmp_path, **path).json["findings"]
    states = {finding["needs"]: finding["ok"] for finding in findings if finding["part"] == "verbs"}
    assert states[name] is False
    assert states["coffee"] is True
