"""Training steps per second of one network on several devices and processes of this machine."""

import os
import subprocess
import sys

from bench.distribute_peer import BATCH
from bench.inputs import Inputs
from bench.tables import note, show

__all__ = ["run"]

_KINDS = ("none", "mirrored:2", "model-parallel:2", "multiworker:2", "parameter-server:2")
_PEER = "bench.distribute_peer"
_LAUNCH = (
    "import sys; from gristmill.launch import Processes, supervise; kind = sys.argv[1]; "
    "sys.exit(supervise([sys.executable, '-m', sys.argv[2], kind], Processes(kind).make, print))"
)


def run(inputs: Inputs) -> None:
    """Prints the table."""
    found = {kind: _steps_per_second(kind) for kind in _KINDS}
    rows = [[kind, f"{rate:,.1f}", f"{rate / found['none']:.2f}"] for kind, rate in found.items()]
    show(f"a network of 1.1 million weights, {BATCH} examples a step", ["distribution", "steps/s", "to none"], rows)
    note(f"{os.cpu_count()} cores in all, shared by all devices and processes: this tells what distribution costs")


def _steps_per_second(kind: str) -> float:
    several = kind.startswith(("multiworker", "parameter-server"))
    command = ["-c", _LAUNCH, kind, _PEER] if several else ["-m", _PEER, kind]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
