"""Opening a run finds every file that is not as it was written, and names it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gristmill.errors import InputError, IntegrityError
from gristmill.runs import Run, verify


def _change(run: Path) -> None:
    data = bytearray((run / "model.keras").read_bytes())
    data[350] ^= 1
    (run / "model.keras").write_bytes(data)


def _cut(run: Path) -> None:
    data = (run / "model.keras").read_bytes()
    (run / "model.keras").write_bytes(data[:350])


def _miss(run: Path) -> None:
    (run / "model.keras").unlink()


def _link(run: Path) -> None:
    shutil.move(run / "model.keras", run.parent / "elsewhere")
    (run / "model.keras").symlink_to(run.parent / "elsewhere")


def _add(run: Path) -> None:
    (run / "extra").mkdir()
    (run / "extra/model.keras").touch()


@pytest.mark.parametrize(
    ("harm", "text"),
    [
        (_change, r"`model\.keras` is cut or changed: sha256 expected [0-9a-f]{12}…, actual [0-9a-f]{12}…"),
        (_cut, r"`model\.keras` is cut or changed: sha256 expected [0-9a-f]{12}…, actual [0-9a-f]{12}…"),
        (_miss, r"`model\.keras` is missing: sha256 expected [0-9a-f]{12}…"),
        (_link, r"`model\.keras` is neither a plain file nor a folder"),
        (_add, r"`extra/model\.keras` is not listed in files\.sha256"),
    ],
)
def test_a_harmed_file_is_named(make_run: Callable[..., Run], harm: Callable[[Path], None], text: str) -> None:
    run = make_run()
    harm(run.path)
    with pytest.raises(IntegrityError, match=text):
        Run.open(run.path)
    (problem,) = verify(run.path)
    assert problem.file.endswith("model.keras")


def test_all_problems_are_listed_and_the_error_counts_them(make_run: Callable[..., Run]) -> None:
    run = make_run()
    _cut(run.path)
    _add(run.path)
    (run.path / "metrics.json").unlink()
    assert [problem.file for problem in verify(run.path)] == [
        "extra/model.keras",
        "metrics.json",
        "model.keras",
    ]
    with pytest.raises(IntegrityError, match=r"and 2 more: see `gristmill runs verify`"):
        Run.open(run.path)


def test_without_verification_a_changed_file_is_not_looked_at(make_run: Callable[..., Run]) -> None:
    run = make_run()
    _change(run.path)
    assert Run.open(run.path, verify=False).files == run.files


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("  config", " config", "is damaged in line 1"),
        ("  config.json", "  ../config.json", "is damaged in line 1"),
        ("  config.json", "  /config.json", "is damaged in line 1"),
        ("  config.json", "  other.json", r"`config\.json` is not listed"),
    ],
)
def test_a_damaged_list_is_reported(make_run: Callable[..., Run], old: str, new: str, text: str) -> None:
    run = make_run()
    listed = run.path / "files.sha256"
    listed.write_text(listed.read_text().replace(old, new, 1))
    assert verify(run.path)
    with pytest.raises(IntegrityError, match=text):
        Run.open(run.path)


def test_a_cut_or_missing_list_is_reported(make_run: Callable[..., Run]) -> None:
    run = make_run()
    listed = run.path / "files.sha256"
    listed.write_text(listed.read_text()[:-5])
    with pytest.raises(IntegrityError, match=r"`files.sha256` is cut"):
        Run.open(run.path)
    listed.unlink()
    with pytest.raises(IntegrityError, match=r"`files.sha256` is missing"):
        Run.open(run.path, verify=False)


def test_what_is_no_run_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no such folder"):
        Run.open(tmp_path / "none")
    with pytest.raises(InputError, match=r"is no run"):
        verify(tmp_path)
