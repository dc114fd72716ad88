"""The lineage says where a run comes from, with git and without, and names no machine."""

import json
import platform
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from gristmill.errors import WorkError
from gristmill.runs import DatasetOrigin, collect_lineage
from gristmill.runs.lineage import code_version

ORIGIN = DatasetOrigin("tiny", "ab" * 32, read=12, written=10, quarantined=2, licence="CC0")


def test_a_lost_record_is_an_error() -> None:
    with pytest.raises(WorkError, match=r"read must be written \+ quarantined. Received: read=12, written=9"):
        DatasetOrigin("tiny", "ab" * 32, read=12, written=9, quarantined=2)


def test_the_lineage_names_data_code_and_packages_but_no_machine() -> None:
    lineage = collect_lineage(ORIGIN)
    assert lineage["dataset"]["manifest_sha256"] == "ab" * 32
    assert lineage["packages"]["numpy"] == version("numpy")
    assert lineage["python"] == platform.python_version()
    assert lineage["created"].endswith("Z")
    without_packages = json.dumps({key: value for key, value in lineage.items() if key != "packages"})
    assert platform.node() not in without_packages
    assert str(Path.home()) not in without_packages


def test_the_code_has_its_commit_only_where_git_tracks_it(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        names = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", str(tmp_path), *names, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    (tmp_path / "__init__.py").touch()
    git("init", "-q")
    assert code_version(tmp_path)["commit"] is None
    git("add", ".")
    git("commit", "-q", "-m", "first")
    code = code_version(tmp_path)
    assert (code["commit"], code["changed"]) == (git("rev-parse", "HEAD"), False)
    (tmp_path / "__init__.py").write_text("changed = True")
    assert code_version(tmp_path)["changed"] is True


def test_without_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code = code_version(tmp_path)
    assert (code["commit"], code["changed"]) == (None, None)


def test_the_room_brings_nothing_heavy() -> None:
    heavy = ["tensorflow", "keras", "apache_beam", "pandas", "numpy", "huggingface_hub", "jinja2", "pydantic"]
    code = f"import sys, gristmill.runs; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
