"""Worker processes of the local runner: one that is killed fails the run at once, and none outlives its parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import apache_beam as beam
import pytest

from pipelines.processes import ProcessesRunner

pytestmark = pytest.mark.slow
SECONDS = 60.0


def write_own_id(path: str) -> None:
    """A stage that tells the number of its process and then takes longer than the test."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(SECONDS)


def pid_in(path: Path) -> int:
    end = time.monotonic() + SECONDS
    while not (path.is_file() and path.read_text()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return int(path.read_text())


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def run(path: Path) -> None:
    with beam.Pipeline(runner=ProcessesRunner(2)) as pipeline:
        _ = pipeline | beam.Create([str(path)]) | beam.Map(write_own_id)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # Beam's reader of the lost worker
def test_a_killed_worker_fails_the_run_at_once(tmp_path: Path) -> None:
    started = tmp_path / "started"
    killed: list[float] = []

    def kill() -> None:
        os.kill(pid_in(started), signal.SIGKILL)
        killed.append(time.monotonic())

    thread = threading.Thread(target=kill)
    thread.start()
    with pytest.raises(RuntimeError, match=r"worker process [0-9]+ was killed by SIGKILL before its work was done"):
        run(started)
    thread.join()
    for reader in threading.enumerate():
        if reader.name.startswith("beam_control_read"):  # its end is told in this test and not in the next
            reader.join(10)
    assert time.monotonic() - killed[0] < SECONDS / 3


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
def test_no_worker_outlives_its_parent(tmp_path: Path) -> None:
    started = tmp_path / "started"
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
import {Path(__file__).stem} as test
test.run(Path({str(started)!r}))
"""
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        pid = pid_in(started)
        parent.kill()
    end = time.monotonic() + 10
    while alive(pid):
        assert time.monotonic() < end
        time.sleep(0.05)
