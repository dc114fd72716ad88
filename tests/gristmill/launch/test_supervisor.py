"""The processes of a training are started, watched, started again, and ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gristmill.launch import Cluster, loopback, supervise

START = """
import json, os, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
task = json.loads(os.environ["TF_CONFIG"])["task"]
name = f"{task['type']}-{task['index']}"
runs = len(list(folder.glob(f"{name}.*")))
(folder / f"{name}.{runs}").write_text(str(os.getpid()))
def die():
    os.kill(os.getpid(), 9)
def wait_for(pattern):
    while not list(folder.glob(pattern)):
        time.sleep(0.02)
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, list[str], dict[str, int]]]:
    def runs(body: str, kind: str = "multiworker", **options: int) -> tuple[int, list[str], dict[str, int]]:
        (tmp_path / "own.py").write_text(START + body)
        told: list[str] = []
        command = [sys.executable, str(tmp_path / "own.py"), str(tmp_path)]
        status = supervise(command, lambda: loopback(kind, 2), told.append, **options)
        names = sorted(path.stem for path in tmp_path.glob("*.[0-9]*"))
        return status, told, {name: names.count(name) for name in names}

    return runs


Run = Callable[..., tuple[int, list[str], dict[str, int]]]


def test_each_process_is_told_its_place_and_the_chief_gives_the_status(run: Run) -> None:
    status, told, started = run("if name == 'worker-0':\n    wait_for('worker-1.0')\nelse:\n    time.sleep(60)")
    assert (status, told, started) == (0, [], {"worker-0": 1, "worker-1": 1})


def test_all_start_again_where_one_is_killed(run: Run) -> None:
    body = "wait_for('worker-1.*')\nif name == 'worker-1' and runs == 0:\n    die()\nif runs == 0:\n    time.sleep(60)"
    status, told, started = run(body)
    assert (status, started) == (0, {"worker-0": 2, "worker-1": 2})
    assert told == ["worker 1 was lost (signal 9): all start again from the last checkpoint (restart 1 of at most 10)"]


def test_what_stops_since_another_was_lost_is_started_too(run: Run) -> None:
    status, _, started = run("if runs == 0:\n    sys.exit(75)\nif name == 'worker-1':\n    time.sleep(60)")
    assert (status, started["worker-0"]) == (0, 2)


def test_an_error_that_follows_from_a_loss_is_no_end(run: Run) -> None:
    first = "(wait_for('worker-1.0'), sys.exit(1)) if name == 'worker-0' else (time.sleep(0.3), die())"
    status, told, _ = run(f"if runs == 0:\n    {first}\ntime.sleep(1)")
    assert status == 0
    assert "all start again" in told[0]


def test_a_worker_for_servers_starts_again_alone(run: Run) -> None:
    body = "if name == 'worker-1':\n    die() if runs == 0 else None\nelif name == 'chief-0':\n    wait_for('worker-1.1')\n"
    status, told, started = run(body + "if name != 'chief-0':\n    time.sleep(60)", "parameter-server")
    assert (status, started) == (0, {"chief-0": 1, "ps-0": 1, "worker-0": 1, "worker-1": 2})
    assert told == ["worker 1 was lost (signal 9): it starts again"]


def test_an_error_of_its_own_ends_all_and_is_shown(run: Run) -> None:
    body = "if name == 'worker-1':\n    print('the reason')\n    sys.exit(2)\ntime.sleep(60)"
    status, told, started = run(body)
    assert (status, started) == (2, {"worker-0": 1, "worker-1": 1})
    assert told == ["worker 1 ended by status 2:\nthe reason"]


def test_it_gives_up(run: Run) -> None:
    status, told, started = run("if name == 'worker-0':\n    die()\ntime.sleep(60)", most_restarts=1)
    assert (status, started["worker-0"]) == (1, 2)
    assert told[-1] == "worker 0 was lost (signal 9), as others before it; 1 restarts are the most that are tried"


def test_no_process_outlives_the_one_that_supervises(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        START + "from gristmill.launch import end_with_parent\nend_with_parent()\ntime.sleep(60)"
    )
    (tmp_path / "parent.py").write_text(
        "import sys\nfrom gristmill.launch import loopback, supervise\n"
        f"supervise([sys.executable, {str(tmp_path / 'own.py')!r}, {str(tmp_path)!r}], "
        "lambda: loopback('multiworker', 2), print)"
    )
    with subprocess.Popen([sys.executable, str(tmp_path / "parent.py")]) as parent:
        wait(lambda: len(list(tmp_path.glob("worker-*.0"))) == 2)
        time.sleep(1.0)  # until both watch
        parent.send_signal(signal.SIGKILL)
    pids = [int(path.read_text()) for path in tmp_path.glob("worker-*.0")]
    wait(lambda: not any(map(is_running, pids)))


def wait(until: Callable[[], bool]) -> None:
    for _ in range(600):
        if until():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come true within 30 seconds")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_one_process_of_a_cluster_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(START)
    cluster = Cluster({"worker": ["a:1", "b:1"]}, ("worker", 1))
    made: Sequence[Cluster] = [cluster]
    assert supervise([sys.executable, str(tmp_path / "own.py"), str(tmp_path)], lambda: made, print) == 0
    assert (tmp_path / "worker-1.0").exists()
