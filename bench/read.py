"""Examples per CPU-second of readers of shuffled batches: ours, tf.data, Parquet, grain, PyTorch and a memory map."""

import sys
from pathlib import Path
from statistics import median
from typing import Any

from bench.inputs import Inputs
from bench.measured import TORCH, measure, torch_python
from bench.read_files import make_files
from bench.read_systems import BATCH_ROWS, SYSTEMS
from bench.read_torch import TORCH_SYSTEMS
from bench.rows import NUMBERS, digest
from bench.tables import note, show
from gristmill.errors import WorkError

__all__ = ["run"]

_ROWS = 500_000
_ROUNDS = 3
_BASE = "tf.data best practice"
_NUMBERS_ONLY = "NumPy memmap gather, numbers only"


def run(inputs: Inputs) -> None:
    """Prints one table."""
    folder = inputs.folder / "read"
    folder.mkdir()
    rows = min(inputs.rows, _ROWS)
    table = make_files(folder, rows)
    expected = {"all": digest(table), "numbers": digest(table.select(list(NUMBERS)))}
    found = _measure_all(folder, -(-rows // BATCH_ROWS))
    for name, measured in found.items():
        kind = "numbers" if name == _NUMBERS_ONLY else "all"
        if isinstance(measured, list) and measured[0][kind] != expected[kind]:
            raise WorkError(f"{name} does not deliver the rows that were written")
    show(
        f"{rows:,} rows of 8 columns, 3 of them texts, shuffled, in batches of {BATCH_ROWS:,}",
        ["system", "examples per CPU-second", "examples per second", f"times {_BASE}"],
        [_row(name, measured, found[_BASE]) for name, measured in found.items()],
    )
    note(
        "each delivers the same rows, all of them once an epoch; CPU-seconds are those of the process and its children"
    )
    note(f"medians of {_ROUNDS} alternating rounds")
    note(f"PyTorch is looked for in the Python that {TORCH} names, an environment with torch, numpy and pyarrow")


def _measure_all(folder: Path, batches: int) -> dict[str, list[dict[str, Any]] | str]:
    """What each reader told in each round, or why it could not run."""
    modules = dict.fromkeys(SYSTEMS, (sys.executable, "bench.read_systems"))
    modules |= dict.fromkeys(TORCH_SYSTEMS, (torch_python(), "bench.read_torch"))
    found: dict[str, list[dict[str, Any]] | str] = {}
    for number in range(_ROUNDS):
        for name, (python, module) in modules.items():
            before = found.setdefault(name, [])
            if isinstance(before, list):
                options = [] if number else ["compared"]
                told = measure([python, "-m", module, name, str(folder), str(batches), *options])
                found[name] = told if isinstance(told, str) else [*before, told]
    return found


def _row(name: str, measured: list[dict[str, Any]] | str, base: Any) -> list[str]:
    if isinstance(measured, str):
        return [name, measured, "", ""]
    rates, base_rates = ([one["rows"] / one["cpu"] for one in rounds] for rounds in (measured, base))
    times = median(rate / base_rate for rate, base_rate in zip(rates, base_rates, strict=True))
    walls = median(one["rows"] / one["wall"] for one in measured)
    return [name, f"{median(rates):,.0f}", f"{walls:,.0f}", f"{times:.1f}"]
