"""Help and usage errors import nothing heavy."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEAVY = ("tensorflow", "keras", "apache_beam", "pandas", "pyarrow", "numpy", "sklearn", "streamlit", "huggingface_hub")


@pytest.mark.parametrize(
    "words",
    [["--help"], ["ingest", "recommend", "--help"], ["runs", "--help"], ["plant", "run", "--help"], ["--version"]],
)
def test_help_answers(words: list[str], tmp_path: Path, command: Callable[..., Any]) -> None:
    assert command(*words, cwd=tmp_path).status == 0


@pytest.mark.parametrize("called", [None, "ingest", "plant"])
def test_building_the_commands_imports_nothing_heavy(called: str | None) -> None:
    code = (
        f"import sys; from gristmill.cli.main import build; build({called!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_doctor_tells_what_is_there(tmp_path: Path, command: Callable[..., Any]) -> None:
    told = command("doctor", "--json", cwd=tmp_path).json
    assert told["ok"]
    assert {"ingest", "train", "lite", "dashboard", "apps"} <= {finding["part"] for finding in told["findings"]}
