"""Training steps per second of one network on several devices and processes of this machine."""

import os
import statistics
import subprocess
import sys

from bench.distribute_peer import BATCH
from bench.inputs import Inputs
from bench.tables import note, show, spread

__all__ = ["run"]

_KINDS = ("none", "mirrored:2", "model-parallel:2", "multiworker:2", "parameter-server:2")
_ROUNDS = 2
_PEER = "bench.distribute_peer"
_LAUNCH = (
    "import sys; from gristmill.launch import Processes, supervise; kind = sys.argv[1]; "
    "sys.exit(supervise([sys.executable, '-m', sys.argv[2], kind], Processes(kind).make, print))"
)


def run(inputs: Inputs) -> None:
    """Prints the table."""
    found: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    for _ in range(_ROUNDS):
        for kind, rates in found.items():
            rates += _steps_per_second(kind)
    alone = statistics.median(found["none"])
    rows = []
    for kind, rates in found.items():
        median = statistics.median(rates)
        rows.append([kind, f"{median:.1f}", spread(rates, ".1f"), f"{median / alone:.2f}"])
    columns = ["distribution", "median steps/s", "spread", "to none"]
    show(f"a network of 1.1 million weights, {BATCH} examples a step", columns, rows)
    note(f"{os.cpu_count()} cores in all, shared by all devices and processes: this tells what distribution costs")


def _steps_per_second(kind: str) -> list[float]:
    """Of each epoch."""
    several = kind.startswith(("multiworker", "parameter-server"))
    command = ["-c", _LAUNCH, kind, _PEER] if several else ["-m", _PEER, kind]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    return [float(rate) for rate in done.stdout.splitlines()[-1].split()]
