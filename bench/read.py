"""Examples per CPU-second of readers of shuffled batches: ours, tf.data, Parquet, grain, PyTorch and a memory map."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.inputs import Inputs
from bench.read_files import make_files
from bench.read_systems import BATCH_ROWS, SYSTEMS
from bench.read_torch import TORCH_SYSTEMS
from bench.rows import NUMBERS, digest
from bench.tables import note, show
from gristmill.errors import WorkError

__all__ = ["run"]

_ROWS = 500_000
_BASE = "tf.data best practice"
_NUMBERS_ONLY = "NumPy memmap gather, numbers only"
_TORCH = "BENCH_TORCH_PYTHON"


def run(inputs: Inputs) -> None:
    """Prints one table."""
    folder = inputs.folder / "read"
    folder.mkdir()
    rows = min(inputs.rows, _ROWS)
    table = make_files(folder, rows)
    expected = {"all": digest(table), "numbers": digest(table.select(list(NUMBERS)))}
    found: dict[str, Any] = {}
    for name in SYSTEMS:
        found[name] = _measure([sys.executable, "-m", "bench.read_systems", name, str(folder)])
    for name in TORCH_SYSTEMS:
        found[name] = _measure([os.environ.get(_TORCH, sys.executable), "-m", "bench.read_torch", name, str(folder)])
    for name, measured in found.items():
        kind = "numbers" if name == _NUMBERS_ONLY else "all"
        if isinstance(measured, dict) and measured[kind] != expected[kind]:
            raise WorkError(f"{name} does not deliver the rows that were written")
    show(
        f"{rows:,} rows of 8 columns, 3 of them texts, shuffled, in batches of {BATCH_ROWS:,}",
        ["system", "examples per CPU-second", "examples per second", f"times {_BASE}"],
        [_row(name, measured, found[_BASE]) for name, measured in found.items()],
    )
    note(
        "each delivers the same rows, all of them once an epoch; CPU-seconds are those of the process and its children"
    )
    note(f"PyTorch is looked for in the Python that {_TORCH} names, an environment with torch, numpy and pyarrow")


def _measure(command: list[str]) -> dict[str, Any] | str:
    """What a reader's own process tells, or why it could not."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        if "ModuleNotFoundError" in last:
            return f"not measured: {last.partition(': ')[2]}"
        raise WorkError(f"{' '.join(command[1:4])} failed: {last}")
    measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def _row(name: str, measured: dict[str, Any] | str, base: Any) -> list[str]:
    if isinstance(measured, str):
        return [name, measured, "", ""]
    rate, base_rate = (one["rows"] / one["cpu"] for one in (measured, base))
    return [name, f"{rate:,.0f}", f"{measured['rows'] / measured['wall']:,.0f}", f"{rate / base_rate:.1f}"]
