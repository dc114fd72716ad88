"""A run appears whole or not at all."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gristmill.errors import InputError, WorkError
from gristmill.runs import Run, RunWriter, verify

FULL_DISK = """
import resource, sys
from pathlib import Path
from gristmill.runs import RunWriter
with RunWriter(Path(sys.argv[1])) as run:
    run.write_json("config.json", {})
    run.write_json("lineage.json", {})
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    if sys.argv[2] == "inside":
        run.write_json("metrics.json", {"values": list(range(1000))})
"""


def test_what_was_written_is_what_is_read(make_run: Callable[..., Run]) -> None:
    run = make_run()
    assert run.name == "first"
    assert run.config["retrieval"] == {"width": 64, "rates": [0.1, 0.2]}
    assert run.metrics["test"]["model"]["users"] == 943
    assert run.history == [{"epoch": 1, "loss": 0.9}, {"epoch": 2, "loss": 0.5}]
    assert run.lite == []
    assert run.file("model.keras").read_bytes() == b"weights" * 100
    assert run.file("saved_model/retrieval").is_dir()


def test_a_run_leaves_nothing_beside_it(make_run: Callable[..., Run], tmp_path: Path) -> None:
    run = make_run()
    assert os.listdir(tmp_path) == ["first"]
    files = {"config.json", "files.sha256", "history.jsonl", "lineage.json", "metrics.json", "model.keras"}
    assert set(os.listdir(run.path)) == {*files, "saved_model"}


def test_the_list_of_hashes_is_sorted_and_sha256sum_takes_it(make_run: Callable[..., Run]) -> None:
    run = make_run()
    names = [line.split("  ")[1] for line in (run.path / "files.sha256").read_text().splitlines()]
    assert names == sorted(names) == list(run.files)
    subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "files.sha256"], cwd=run.path, check=True)


def test_a_name_that_the_run_lacks_lists_near_ones(make_run: Callable[..., Run]) -> None:
    with pytest.raises(InputError, match=r"did you mean 'model.keras'"):
        make_run().file("model.kera")


def test_an_exception_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), RunWriter(tmp_path / "run") as run:
        run.write_json("config.json", {})
        (run.path / "checkpoints/1").mkdir(parents=True)
        raise ZeroDivisionError
    assert not os.listdir(tmp_path)


def interrupted(out: Path, training: dict[str, int]) -> list[str]:
    """A writer that fails after it has saved a checkpoint; gives what `go_on` said."""
    differ: list[str] = []
    with pytest.raises(ZeroDivisionError), RunWriter(out) as run:
        differ = run.go_on(training)
        (run.checkpoints / "task").mkdir(exist_ok=True)
        (run.checkpoints / "task/1.index").touch()
        (run.path / "other").mkdir()
        raise ZeroDivisionError
    return differ


def test_checkpoints_stay_for_a_writer_of_the_same_training(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert interrupted(out, {"seed": 1}) == []
    assert not out.exists()
    with RunWriter(out) as run:
        assert run.go_on({"seed": 1}) == []
        assert run.has_checkpoints
        assert not (run.path / "other").exists()
        run.write_json("config.json", {})
        run.write_json("lineage.json", {})
    assert os.listdir(tmp_path) == ["run"]
    assert "checkpoints" not in os.listdir(out)


def test_checkpoints_of_another_training_are_set_aside_and_what_differs_is_told(tmp_path: Path) -> None:
    out = tmp_path / "run"
    interrupted(out, {"seed": 1, "epochs": 3})
    with pytest.raises(ZeroDivisionError), RunWriter(out) as run:
        assert run.go_on({"seed": 2, "epochs": 3}) == ["seed"]
        assert not run.has_checkpoints
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), RunWriter(out) as run:
        assert run.go_on({"seed": 1, "epochs": 3}) == []
        assert run.has_checkpoints
        raise ZeroDivisionError


def test_two_trainings_take_turns_and_a_third_drops_the_one_aside(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert [interrupted(out, {"seed": seed}) for seed in (1, 2, 1, 2)] == [[], ["seed"], [], []]
    assert interrupted(out, {"seed": 3}) == ["seed"]
    with RunWriter(out) as run:
        assert run.go_on({"seed": 1}) == ["seed"]
        assert not run.has_checkpoints
        run.write_json("config.json", {})
        run.write_json("lineage.json", {})
    assert os.listdir(tmp_path) == ["run"]
    assert "checkpoints" not in os.listdir(out)


def test_a_run_without_lineage_is_not_finished(tmp_path: Path) -> None:
    with (
        pytest.raises(WorkError, match=r"`lineage\.json` was not written"),
        RunWriter(tmp_path / "run") as run,
    ):
        run.write_json("config.json", {})
    assert not os.listdir(tmp_path)


def test_a_link_does_not_belong_to_a_run(tmp_path: Path) -> None:
    with (
        pytest.raises(WorkError, match=r"'link' is neither a plain file nor a folder"),
        RunWriter(tmp_path / "a") as run,
    ):
        run.write_json("config.json", {})
        run.write_json("lineage.json", {})
        (run.path / "link").symlink_to("config.json")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["../out.json", "/out.json", ""])
def test_a_file_outside_the_run_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"inside the run folder"), RunWriter(tmp_path / "run") as run:
        run.write_json(name, {})


def test_a_finished_run_is_not_written_over(make_run: Callable[..., Run]) -> None:
    run = make_run()
    with (
        pytest.raises(InputError, match=r"first is a run already; choose another folder"),
        RunWriter(run.path),
    ):
        pass
    assert not verify(run.path)


def test_a_folder_with_anything_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").touch()
    with pytest.raises(InputError, match=r"mine is not empty"), RunWriter(tmp_path / "mine"):
        pass
    with pytest.raises(InputError, match=r"a run is a folder"), RunWriter(tmp_path / "mine/thesis.txt"):
        pass
    assert os.listdir(tmp_path) == ["mine"]


def test_an_empty_folder_becomes_the_run(make_run: Callable[..., Run], tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    assert not verify(make_run().path)


def test_a_second_writer_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run") as run:
        run.write_json("config.json", {"first": True})
        run.write_json("lineage.json", {})
        with (
            pytest.raises(InputError, match=r"another process is writing .*run; wait"),
            RunWriter(tmp_path / "run"),
        ):
            pass
    assert Run.open(tmp_path / "run").config == {"first": True}


def test_what_a_dead_writer_left_is_removed(make_run: Callable[..., Run], tmp_path: Path) -> None:
    (tmp_path / ".first.partial/checkpoints").mkdir(parents=True)
    for name in (".lock", "config.json", "checkpoints/old"):
        (tmp_path / ".first.partial" / name).touch()
    run = make_run()
    assert "checkpoints/old" not in run.files
    assert os.listdir(tmp_path) == ["first"]


def test_a_lock_that_a_living_process_holds_is_respected(tmp_path: Path) -> None:
    (tmp_path / ".run.partial").mkdir()
    with open(tmp_path / ".run.partial/.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InputError, match=r"another process"), RunWriter(tmp_path / "run"):
            pass
    assert (tmp_path / ".run.partial/.lock").exists()


@pytest.mark.parametrize("where", ["inside", "at the end"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, where: str) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "run"), where]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "WorkError: cannot write" in done.stderr
    assert "File too large" in done.stderr
    assert not os.listdir(tmp_path)
