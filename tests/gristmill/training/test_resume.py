"""Training that is stopped anywhere goes on with the next batch, to the same weights to the last bit."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill.data.batches import Batches
from gristmill.errors import InputError
from gristmill.training import Checkpoints, Group, Judge, Step, Trained, train
from gristmill.training import loop as loop_module

ROWS = np.random.default_rng(5).normal(size=(48, 4)).astype(np.float32)
LABELS = (ROWS.sum(1) > 0).astype(np.float32)
EPOCHS, BATCH = 3, 8


class StoppedError(Exception):
    """Someone pulled the plug."""


class Rehearsal:
    """A network with dropout and moving statistics on shuffled rows; can be stopped after a number of batches."""

    def __init__(
        self, folder: Path | None, stop_after: int | None = None, average_last: int = 1, **options: Any
    ) -> None:
        keras.utils.set_random_seed(3)
        self.model = keras.Sequential(
            [
                keras.layers.Input((4,)),
                keras.layers.Dense(8, "relu"),
                keras.layers.BatchNormalization(),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(1),
            ]
        )
        groups = [Group(keras.optimizers.Adam(0.05), self.model.trainable_variables)]
        self.step = Step(self.loss, groups, state=self.model.non_trainable_variables, **options)
        self.data = Batches({"x": ROWS}, LABELS, BATCH, seed=9)
        self.checkpoints = Checkpoints(folder, keep=2) if folder else None
        self.left, self.average_last = stop_after, average_last
        self.lines: list[dict[str, Any]] = []

    def loss(self, batch: Any) -> Any:
        features, labels = batch
        logits = self.model(features["x"], training=True)[:, 0]
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))

    def batches(self, epoch: int, start: int) -> Iterator[Any]:
        for batch in self.data(epoch, start):
            if self.left == 0:
                raise StoppedError
            yield batch
            self.left = self.left if self.left is None else self.left - 1

    def evaluate(self) -> dict[str, float]:
        logits = self.model(ROWS, training=False)[:, 0]
        return {"logloss": float(tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(LABELS, logits)))}

    def train(self, **options: Any) -> Trained:
        return train(
            self.step,
            self.batches,
            epochs=EPOCHS,
            steps_per_epoch=len(self.data),
            judge=Judge(self.evaluate, "logloss", greater_is_better=False, average_last=self.average_last),
            checkpoints=self.checkpoints,
            log=lambda **values: self.lines.append(values | {"seconds": 0}),
            **options,
        )

    def result(self) -> tuple[list[Any], list[dict[str, Any]]]:
        return self.model.get_weights(), self.lines


def same(first: Rehearsal, second: Rehearsal) -> None:
    for one, other in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.lines == second.lines


@pytest.fixture(autouse=True)
def _save_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps between two looks."""
    monkeypatch.setattr(loop_module, "_LOOK_STEPS", 2)


@pytest.mark.parametrize(
    ("options", "accumulate"),
    [({}, 1), ({"average": 0.9, "clip_norm": 0.5}, 1), ({}, 4), ({"scale_loss": True}, 1), ({"average_last": 3}, 1)],
    ids=["plain", "averaged and clipped", "accumulated", "scaled", "mean of looks"],
)
@pytest.mark.parametrize("stop", [1, 6, 11])
def test_stopped_after_any_batch(tmp_path: Path, options: dict[str, Any], accumulate: int, stop: int) -> None:
    undisturbed = Rehearsal(None, **options)
    undisturbed.train(accumulate=accumulate)
    with pytest.raises(StoppedError):
        Rehearsal(tmp_path, stop, **options).train(accumulate=accumulate, save_seconds=0)
    again = Rehearsal(tmp_path, **options)
    done = again.train(accumulate=accumulate, save_seconds=0)
    same(again, undisturbed)
    assert done.epochs == EPOCHS
    assert done.steps == EPOCHS * -(-len(again.data) // accumulate)


def test_stopped_again_and_again(tmp_path: Path) -> None:
    undisturbed = Rehearsal(None)
    undisturbed.train()
    for _ in range(5):
        with pytest.raises(StoppedError):
            Rehearsal(tmp_path, 3).train(save_seconds=0)
    again = Rehearsal(tmp_path)
    again.train(save_seconds=0)
    same(again, undisturbed)


def test_what_is_finished_is_not_trained_again(tmp_path: Path) -> None:
    first, second = Rehearsal(tmp_path), Rehearsal(tmp_path, 0)
    first.train()
    second.train()
    same(first, second)


def test_a_damaged_checkpoint_costs_only_the_steps_since_the_one_before(tmp_path: Path) -> None:
    undisturbed, again = Rehearsal(None), Rehearsal(tmp_path)
    undisturbed.train()
    with pytest.raises(StoppedError):
        Rehearsal(tmp_path, 9).train(save_seconds=0)
    newest = max(tmp_path.glob("*.data*"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:-5])
    again.train()
    same(again, undisturbed)


def test_checkpoints_of_another_model_are_refused(tmp_path: Path) -> None:
    Rehearsal(tmp_path).train()
    x = keras.Variable(np.float32(1.0))
    other = Step(lambda batch: x.value, [Group(keras.optimizers.SGD(0.1), [x])])
    with pytest.raises(InputError, match=r"must hold `variable` of this model. Received: .*dense/kernel"):
        train(other, lambda epoch, start: [0.0], epochs=1, steps_per_epoch=1, checkpoints=Checkpoints(tmp_path))


def test_random_numbers_without_a_state_that_can_be_saved_are_refused(tmp_path: Path) -> None:
    x = keras.Variable(np.float32(1.0))
    step = Step(lambda batch: x.value + tf.random.normal([]), [Group(keras.optimizers.SGD(0.1), [x])])
    with pytest.raises(InputError, match=r"must come from `keras.random`.*Received: RandomStandardNormal"):
        train(step, lambda epoch, start: [0.0], epochs=1, steps_per_epoch=1, checkpoints=Checkpoints(tmp_path))


def test_a_variable_that_would_not_be_saved_is_refused(tmp_path: Path) -> None:
    x, other = keras.Variable(np.float32(1.0)), tf.Variable(2.0, name="other")
    step = Step(lambda batch: x.value * other, [Group(keras.optimizers.SGD(0.1), [x])])
    with pytest.raises(InputError, match=r"trained or stand in `state`.*Received: other:0, shape \(\)"):
        train(step, lambda epoch, start: [0.0], epochs=1, steps_per_epoch=1, checkpoints=Checkpoints(tmp_path))


def test_the_last_good_checkpoint_is_told_where_a_loss_is_not_finite(tmp_path: Path) -> None:
    x = keras.Variable(np.float32(1.0))
    step = Step(lambda batch: x.value * batch, [Group(keras.optimizers.SGD(0.1), [x])])
    batches = [1.0, 1.0, 1.0, float("inf")]
    with pytest.raises(Exception, match=r"at step 4 .*the last good checkpoint is of step 2"):
        train(
            step,
            lambda epoch, start: [tf.constant(value) for value in batches[start:]],
            epochs=1,
            steps_per_epoch=4,
            checkpoints=Checkpoints(tmp_path),
            save_seconds=0,
        )
    assert float(x.numpy()) == pytest.approx(0.7)


KILLED = """
import os, signal, sys
from pathlib import Path
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("rehearsal", sys.argv[1])
module = module_from_spec(spec)
spec.loader.exec_module(module)
module.loop_module._LOOK_STEPS = 2
stop = int(sys.argv[3])
made = module.Rehearsal(Path(sys.argv[2]), stop or None)
try:
    made.train(save_seconds=0)
except module.StoppedError:
    os.kill(os.getpid(), signal.SIGKILL)
made.model.save_weights(sys.argv[2] + ".weights.h5")
"""


def test_a_killed_process_is_followed_by_one_with_the_same_end(tmp_path: Path) -> None:
    undisturbed = Rehearsal(None)
    undisturbed.train()
    for stop in (7, 0):
        done = subprocess.run([sys.executable, "-c", KILLED, __file__, str(tmp_path / "c"), str(stop)], timeout=200)
        assert done.returncode == (-9 if stop else 0)
    again = Rehearsal(None)
    again.model.load_weights(tmp_path / "c.weights.h5")
    for one, other in zip(again.model.get_weights(), undisturbed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
