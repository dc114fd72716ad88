"""Prints a benchmark's table, with a line that says which machine and versions it was measured on."""

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from gristmill.cli.output import print_table

__all__ = ["has_bfloat16", "machine", "mean_and_deviation", "note", "show", "spread"]

_PACKAGES = (
    "tensorflow",
    "keras",
    "apache-beam",
    "ai-edge-litert",
    "ctranslate2",
    "implicit",
    "lightgbm",
    "numpy",
    "pyarrow",
)


def machine() -> str:
    """CPU, cores that this process may use, load of the last minute, Python, and the packages that are compared."""
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return (
        f"machine: {_cpu()}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}; "
        f"{platform.system()}, Python {platform.python_version()}; {', '.join(found)}"
    )


def has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16, so that `mixed_bfloat16` trains faster than float32."""
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(_cpu_told("flags").split())


def _cpu() -> str:
    return _cpu_told("model name") or platform.processor() or platform.machine()


def _cpu_told(key: str) -> str:
    """What the first processor says of itself; nothing where it is not told."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints one table."""
    print_table(list(columns), [list(row) for row in rows], title=title)


def note(text: str) -> None:
    """Prints one line below or between tables."""
    print(text, flush=True)


def spread(values: Sequence[float], form: str = ".1f") -> str:
    """Smallest and largest of repeated measurements."""
    return f"{min(values):{form}}–{max(values):{form}}"


def mean_and_deviation(values: Sequence[float], form: str = ".4f") -> str:
    """Mean and sample standard deviation; of a single value only itself."""
    if len(values) < 2:
        return f"{values[0]:{form}}"
    return f"{np.mean(values):{form}} ± {np.std(values, ddof=1):{form}}"
