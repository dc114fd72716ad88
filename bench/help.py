"""Wall time of the command line before it does any work: help, version and a usage error, against Python alone."""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.inputs import Inputs
from bench.tables import show, spread

__all__ = ["run", "wall_seconds"]

_RUNS = 11
_LIMIT_SECONDS = 0.5


def run(inputs: Inputs) -> None:
    """Prints medians over 11 runs each, taken in turns."""
    python, program = sys.executable, str(Path(sys.executable).with_name("gristmill"))
    commands = {
        "python -c pass": [python, "-c", "pass"],
        "gristmill --version": [program, "--version"],
        "gristmill --help": [program, "--help"],
        "gristmill fetch (usage error)": [program, "fetch"],
        "gristmill ingest recommend (usage error)": [program, "ingest", "recommend"],
        "gristmill ingest recommend --help": [program, "ingest", "recommend", "--help"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(_RUNS):
        for name, command in commands.items():
            times[name].append(wall_seconds(command))
    rows = [
        [
            name,
            f"{statistics.median(taken):.3f}",
            spread(taken, ".3f"),
            f"{_LIMIT_SECONDS}" if "gristmill" in name else "",
        ]
        for name, taken in times.items()
    ]
    show(f"command line, wall seconds of {_RUNS} runs", ["command", "median s", "least–most", "limit s"], rows)


def wall_seconds(command: Sequence[str]) -> float:
    """Wall time of one process from start to end, whatever its exit status."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start
