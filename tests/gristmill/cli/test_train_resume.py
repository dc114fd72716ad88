"""`gristmill train` that is killed goes on with the same command, to the same model."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from apps.recommend import app
from gristmill.runs import Run

pytestmark = pytest.mark.slow
SETTINGS = ("--preset", "small", "--set", "retrieval.history=32", "--set", "retrieval.window=16")


def kill_after_a_checkpoint(command: list[str], cwd: Path, checkpoints: Path) -> None:
    """Kills the command when it has saved, and not waited for it to save again."""
    with subprocess.Popen(
        [sys.executable, "-m", "gristmill.cli", *command], cwd=cwd, stderr=subprocess.DEVNULL
    ) as process:
        while not list(checkpoints.glob("*/*.index")):
            assert process.poll() is None
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)


def history(run: Run) -> list[dict[str, Any]]:
    return [line | {"seconds": 0} for line in run.history]


def test_a_killed_training_goes_on(trained: Any, work: Path, command: Callable[..., Any]) -> None:
    assert trained.status == 0, trained.err
    words = ["train", "recommend", "--dataset", "data", "--out", "kept/killed", *SETTINGS, "--seed", "1", "--json"]
    kill_after_a_checkpoint(words, work, work / "kept/.killed.partial/checkpoints/now")
    assert not (work / "kept/killed").exists()
    done = command(*words, "--tensorboard", "boards", cwd=work)
    assert done.status == 0, done.err
    assert "train retrieval: goes on after step" in done.err
    first, second = Run.open(work / "runs/first"), Run.open(work / "kept/killed")
    assert first.metrics["validation"] == second.metrics["validation"]
    assert history(first) == history(second)
    assert not list((work / "kept").glob(".*"))
    assert not (second.path / "checkpoints").exists()
    for task in app.tasks:
        for module in task.modules:
            import_module(module)
        one, other = (keras.models.load_model(run.file(f"{task.name}.keras")) for run in (first, second))
        assert list((work / "boards" / task.name).glob("events.out.tfevents.*"))
        for weights, same in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(weights, same)
