"""tf.estimator 2.15 and ours on the same data: `bench/estimators.py` in an environment of its own, and here."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from examples.adult import load
from gristmill.errors import InputError

__all__ = ["measured", "prepared"]

_SCRIPT = Path(__file__).with_name("estimators.py")
_PEER = Path(__file__).parent / ".tf215/bin/python"


def prepared(folder: Path) -> Path:
    """Adult, breast cancer and digits, each 80% to train and 20% to test, in one file that both read."""
    from sklearn.datasets import load_breast_cancer, load_digits
    from sklearn.model_selection import train_test_split

    arrays: dict[str, Any] = {}
    for split, part in zip(("train", "test"), load(), strict=True):
        arrays |= {f"adult/{split}/{name}": values for name, values in part.items()}
    for name, give in (("cancer", load_breast_cancer), ("digits", load_digits)):
        found = train_test_split(*give(return_X_y=True), test_size=0.2, random_state=0)
        for place, values in zip(("train/x", "test/x", "train/label", "test/label"), found, strict=True):
            arrays[f"{name}/{place}"] = values.astype(np.float32) if place.endswith("x") else values
    path = folder / "estimators.npz"
    np.savez(path, **arrays)
    return path


def measured(system: str, data: Path, seeds: Sequence[int], *names: str) -> dict[str, Any]:
    """What one system gave.

    Args:
        system: `tensorflow` (2.15) or `gristmill`.
        data: The file of `prepared`.
        seeds: Seeds of the models.
        names: Models, or `speed`; all where there is none.

    Raises:
        InputError: The environment of 2.15 is not there.
    """
    python = _PEER if system == "tensorflow" else Path(sys.executable)
    if not python.exists():
        raise InputError("tensorflow==2.15 needs an environment of its own: run `make tf215`. Received: none")
    command = [str(python), str(_SCRIPT), system, str(data), ",".join(map(str, seeds)), *names]
    done = subprocess.run(command, capture_output=True, text=True, cwd=_SCRIPT.parent.parent)
    if done.returncode:
        raise InputError(f"{system} failed: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
