"""What the steps leave in folders."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill import eager
from gristmill.errors import WorkError

X, Y = np.ones((1, 2), np.float32), np.ones((1, 1), np.float32)


def model() -> keras.Model:
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros", name="only")])
    made.compile(keras.optimizers.SGD(0.0), "mse")
    return made


def test_the_loss_and_norms_stand_at_their_steps(tmp_path: Path) -> None:
    steps = list(eager.steps(model(), [(X, Y)] * 2, tensorboard=tmp_path))
    (path,) = tmp_path.iterdir()
    found: dict[tuple[str, int], float] = {}
    for data in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        event = tf.compat.v1.Event.FromString(data)
        for value in event.summary.value:
            found[value.tag, event.step] = float(tf.make_ndarray(value.tensor))
    assert found["loss", 1] == found["loss", 2] == 1.0
    assert found["gradient_norm", 2] == pytest.approx(steps[1].global_norm)
    assert found["gradient_norm/only/bias", 1] == 2.0


def test_the_debugger_has_its_files_and_is_off_afterwards(tmp_path: Path) -> None:
    (step,) = eager.steps(model(), [(X, Y)], tfdbg=tmp_path)
    assert step.loss == 1.0
    assert all_off(tmp_path)


def test_the_debugger_is_off_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(WorkError):
        list(eager.steps(model(), [(X, Y * np.nan)], tfdbg=tmp_path))
    assert all_off(tmp_path)


def all_off(folder: Path) -> Any:
    """Whether the debugger's files are there and grow no more."""
    (execution,) = folder.glob("tfdbg_events.*.execution")
    before = execution.stat().st_size
    tf.add(1.0, 1.0)
    return before > 0 and execution.stat().st_size == before and len(list(folder.glob("tfdbg_events.*"))) == 6
