"""A finished run is changed in one step, and a process killed anywhere leaves a whole run."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gristmill.errors import InputError, IntegrityError
from gristmill.runs import Run, RunWriter, amend, list_runs, verify
from gristmill.runs.manifest import read_manifest
from gristmill.staging import steadily

KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from gristmill.runs import Run, RunWriter, amend

EVENTS = {"os.rename", "os.link", "os.remove", "os.rmdir", "os.mkdir"}

def changes(event, arguments):
    return event in EVENTS or event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)

def work(kind, run):
    if kind == "write":
        with RunWriter(run) as new:
            new.write_json("config.json", {})
            new.write_json("lineage.json", {})
        return
    with amend(Run.open(run)) as change:
        change.write_json("metrics.json", {"test": {}})
        (change.path / "lite").mkdir()
        (change.path / "lite/f16.tflite").write_bytes(b"lite")
        change.log(epoch=3)

def child(kind, run, left):
    def count(event, arguments):
        nonlocal left
        if changes(event, arguments) and str(run.parent) in os.path.abspath(str(arguments[0])):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(count)
    work(kind, run)
    os._exit(0)

kind, base, old = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
for step in range(500):
    run = base / str(step) / "run"
    if kind == "amend":
        shutil.copytree(old, run)
    else:
        run.parent.mkdir()
    pid = os.fork()
    if not pid:
        child(kind, run, step)
    if os.waitpid(pid, 0)[1] == 0:
        break
print(step)
"""


def _killed_everywhere(kind: str, base: Path, old: Path) -> list[Path]:
    """Kills the work before its first change on the disk, then before its second, and so on."""
    base.mkdir()
    command = [sys.executable, "-c", KILLED, kind, str(base), str(old)]
    steps = int(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    assert steps > 10
    return [base / str(step) / "run" for step in range(steps)]


def test_new_and_replaced_files_are_in_and_the_rest_stays(make_run: Callable[..., Run], tmp_path: Path) -> None:
    run = make_run()
    with amend(run) as change:
        change.write_json("metrics.json", {"test": {"model": {"auc": 0.8}}})
        change.write_json("lite/report.json", [{"format": "f16"}])
        change.log(epoch=3, loss=0.4)
    after = Run.open(run.path)
    assert after.metrics == {"test": {"model": {"auc": 0.8}}}
    assert after.lite == [{"format": "f16"}]
    assert [line["epoch"] for line in after.history] == [1, 2, 3]
    assert after.files["model.keras"] == run.files["model.keras"]
    assert (after.path / "saved_model/retrieval/assets").is_dir()
    assert os.listdir(tmp_path) == ["first"]


def test_inside_one_reads_the_old_file_until_there_is_a_new_one(make_run: Callable[..., Run]) -> None:
    with amend(make_run()) as change:
        assert change.read_json("config.json")["seed"] == 7
        assert change.file("saved_model/retrieval").is_dir()
        change.write_json("config.json", {"seed": 8})
        assert change.read_json("config.json") == {"seed": 8}
        assert change.read_json("lite/report.json", []) == []


def test_a_removed_folder_is_gone_and_a_wrong_name_is_refused(make_run: Callable[..., Run]) -> None:
    run = make_run()
    with amend(run) as change:
        change.remove("saved_model")
        with pytest.raises(InputError, match=r"did you mean 'model.keras'"):
            change.remove("model.kera")
    assert not (run.path / "saved_model").exists()
    assert "model.keras" in Run.open(run.path).files


def test_an_exception_leaves_the_run_as_it_was(make_run: Callable[..., Run], tmp_path: Path) -> None:
    run = make_run()
    with pytest.raises(ZeroDivisionError), amend(run) as change:
        change.write_json("metrics.json", {})
        change.log(epoch=3)
        raise ZeroDivisionError
    assert Run.open(run.path) == run
    assert os.listdir(tmp_path) == ["first"]


def test_a_damaged_run_is_not_amended(make_run: Callable[..., Run], tmp_path: Path) -> None:
    run = make_run()
    (run.path / "model.keras").write_bytes(b"other")
    with pytest.raises(IntegrityError, match=r"`model\.keras` is cut or changed"), amend(run):
        pass
    assert os.listdir(tmp_path) == ["first"]


def test_damage_done_meanwhile_is_not_hidden(make_run: Callable[..., Run]) -> None:
    run = make_run()
    with amend(run) as change:
        change.write_json("metrics.json", {})
        (run.path / "model.keras").write_bytes(b"other")
    assert [problem.file for problem in verify(run.path)] == ["model.keras"]


def test_two_amendments_with_one_record_both_count(make_run: Callable[..., Run]) -> None:
    run = make_run()
    for name in ("a.json", "b.json"):
        with amend(run) as change:
            change.write_json(name, {})
    assert {"a.json", "b.json"} <= Run.open(run.path).files.keys()


def test_two_amendments_at_once_are_refused(make_run: Callable[..., Run]) -> None:
    run = make_run()
    with amend(run), pytest.raises(InputError, match=r"another process"), amend(run):
        pass


def test_a_reader_that_a_change_overtakes_reads_again(make_run: Callable[..., Run]) -> None:
    run = make_run()
    listed = []

    def read() -> dict[str, str]:
        listed.append(read_manifest(run.path))
        if len(listed) == 1:
            with amend(run) as change:
                change.write_json("metrics.json", {})
            raise IntegrityError("the list is of the old run and the file of the new one")
        return listed[-1]

    assert steadily(run.path, read) == Run.open(run.path).files
    assert len(listed) == 2


def test_a_writer_killed_anywhere_leaves_no_run_or_a_whole_one(tmp_path: Path) -> None:
    for path in _killed_everywhere("write", tmp_path / "killed", tmp_path):
        if path.exists():
            assert not verify(path)
            continue
        assert list_runs(path.parent) == []
        with RunWriter(path) as run:
            run.write_json("config.json", {"again": True})
            run.write_json("lineage.json", {})
        assert os.listdir(path.parent) == ["run"]
        assert Run.open(path).files.keys() == {"config.json", "lineage.json"}


def test_an_amendment_killed_anywhere_leaves_the_old_run_or_the_new_one(
    make_run: Callable[..., Run], tmp_path: Path
) -> None:
    old = make_run()
    seen = set()
    for path in _killed_everywhere("amend", tmp_path / "killed", old.path):
        seen.add("moved aside" if not path.exists() else "new" if (path / "lite").exists() else "old")
        assert [run.problem for run in list_runs(path.parent)] == [""]
        run = Run.open(path)
        assert run.files == old.files or len(run.history) == 3
        with amend(run) as change:
            change.write_json("again.json", {})
        assert os.listdir(path.parent) == ["run"]
        assert run.files.keys() | {"again.json"} == Run.open(path).files.keys()
    assert seen == {"old", "moved aside", "new"}
