"""Runs of the pipeline's command in processes of their own, which can be killed at any point.

One process imports what a run needs and forks for each run, as the imports take longer than a run of a small file.
"""

import contextlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
STEPS = {"open", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.scandir"}


@dataclass(frozen=True)
class Run:
    """How a run ended: its exit status (-9 where it was killed), what it printed, how many steps it took on the disk."""

    status: int
    text: str
    steps: int
    seconds: float


class Runs:
    """Starts runs, one after another."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.pipelines.faults"]
        self._server = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(30)
        self._server.stdout.close()

    def run(self, plan: Path, out: Path, **how: Any) -> Run:
        """Runs the command.

        Args:
            plan: The plan's file.
            out: The dataset.
            how: `kill_at` (the step before which it is killed), `kill_after` (seconds), `most_bytes` (of a file).
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps({"plan": str(plan), "out": str(out), **how}) + "\n")
        self._server.stdin.flush()
        return Run(**json.loads(self._server.stdout.readline()))


def serve() -> None:
    """Forks for each order that comes in, and tells how the run ended."""
    from pipelines.ingest import main

    for line in sys.stdin:
        order = json.loads(line)
        end, start = os.pipe(), time.monotonic()
        child = os.fork()
        if not child:
            _run(main, order, end[1])
        os.close(end[1])
        if "kill_after" in order:
            time.sleep(order["kill_after"])
            os.kill(child, signal.SIGKILL)
        with open(end[0], encoding="utf-8") as printed:
            text, _, steps = printed.read().partition("\x1f")
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        told = {"status": status, "text": text, "steps": int(steps or 0), "seconds": time.monotonic() - start}
        print(json.dumps(told), flush=True)


def _run(main: Any, order: dict[str, Any], end: int) -> None:
    """The child: runs the command and counts its steps in the folder of the dataset, until it is killed at one."""
    folder, steps, kill_at = os.path.dirname(order["out"]), 0, order.get("kill_at")

    def step(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal steps
        within = event in STEPS and isinstance(arguments[0], str) and arguments[0].startswith(folder)
        if within or (event in ("os.remove", "os.rmdir") and arguments[1] != -1):
            if steps == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            steps += 1

    status = 99
    try:
        os.dup2(end, 1)
        os.dup2(end, 2)
        sys.stdout = sys.stderr = io.TextIOWrapper(io.FileIO(end, "w"), "utf-8", write_through=True)
        if "most_bytes" in order:
            resource.setrlimit(resource.RLIMIT_FSIZE, (order["most_bytes"], order["most_bytes"]))
        sys.addaudithook(step)
        status = main(["--plan", order["plan"], "--out", order["out"]])
    finally:
        counted = steps
        with contextlib.suppress(OSError):
            sys.stdout.write(f"\x1f{counted}")
            sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
