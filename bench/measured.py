"""What is measured in a process of its own, so that nothing else's threads and memory stand in its figures."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from gristmill.errors import WorkError

__all__ = ["TORCH", "measure", "torch_python"]

TORCH = "BENCH_TORCH_PYTHON"
"""Names the Python of an environment with torch, numpy and pyarrow."""


def torch_python() -> str:
    """The Python that has torch, if any has."""
    return os.environ.get(TORCH, sys.executable)


def measure(command: list[str], **environment: str) -> dict[str, Any] | str:
    """The JSON object on the last line that a command prints, or why it could not run: a package is missing.

    Raises:
        WorkError: It failed for another reason.
    """
    place = Path(__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, cwd=place, env={**os.environ, **environment})
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        if "ModuleNotFoundError" in last:
            return f"not measured: {last.partition(': ')[2]}"
        raise WorkError(f"{' '.join(command[1:4])} failed: {last}")
    measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured
