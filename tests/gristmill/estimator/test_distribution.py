"""`RunConfig(train_distribute=...)`: the weights of one process with batches as large as those of all together."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.replicas import distribution_of, grouped
from gristmill.launch import loopback, supervise
from gristmill.training.distribution import Mirrored

SCRIPT = Path(__file__).with_name("distributed_train.py")
NAMES = ("wide_and_deep", "old_optimizer", "keras_optimizer")


def train(folder: Path, how: str) -> None:
    subprocess.run([sys.executable, SCRIPT, folder, how], check=True, timeout=280)


def train_in_processes(folder: Path, how: str) -> None:
    """Trains in two workers, of which none may be lost."""
    told: list[str] = []
    command = [sys.executable, str(SCRIPT), str(folder), how]
    assert supervise(command, lambda: loopback(how, 2), told.append) == 0
    assert told == []


def values(folder: Path, how: str, name: str) -> dict[str, Any]:
    with np.load(folder / f"{how}-{name}.npz") as found:
        return {str(one): found[f"v{place}"] for place, one in enumerate(found["names"])}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alone")
    train(folder, "none")
    return folder


def assert_same(alone: Path, folder: Path, how: str) -> None:
    for name in NAMES:
        one, other = values(alone, "none", name), values(folder, how, name)
        assert other["global_step"] == 10
        assert one.keys() == other.keys()
        for key, value in one.items():
            np.testing.assert_allclose(other[key], value, rtol=1e-4, atol=1e-5, err_msg=f"{name}: {key}")


@pytest.mark.slow
def test_devices_of_one_process(alone: Path, tmp_path: Path) -> None:
    train(tmp_path, "mirrored:2")
    assert_same(alone, tmp_path, "mirrored")


@pytest.mark.slow
def test_processes_end_together_where_one_has_no_batch_left(alone: Path, tmp_path: Path) -> None:
    train_in_processes(tmp_path, "multiworker")
    assert_same(alone, tmp_path, "multiworker")


@pytest.mark.slow
def test_parameter_servers_lose_no_step(alone: Path, tmp_path: Path) -> None:
    train_in_processes(tmp_path, "parameter-server")
    for name in NAMES:
        one, other = values(alone, "none", name), values(tmp_path, "parameter-server", name)
        assert one.keys() == other.keys()
        assert other["global_step"] == 20  # each part is a batch of its own
        counts = [value for key, value in other.items() if key.endswith(("/iter", "/iteration"))]
        assert counts == [20] * len(counts)


def test_batches_are_grouped_and_none_is_lost() -> None:
    batches = tf.data.Dataset.from_tensor_slices(({"a": tf.range(10)}, tf.range(10))).batch(2)
    groups = list(grouped(batches, Mirrored(["/CPU:0", "/CPU:0"])))
    first = [[features["a"].numpy().tolist() for features, labels in group] for group in groups]
    assert first == [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9], [8, 9]]]
    assert list(grouped(batches, Mirrored(["/CPU:0"]))) is not None


def test_strategies_of_tensorflow() -> None:
    assert distribution_of(tf.distribute.get_strategy(), 0).replicas == 1
    found = distribution_of(tf.distribute.MirroredStrategy(["/CPU:0"]), 0)
    assert isinstance(found, Mirrored)
    assert [device.rpartition("device:")[2] for device in found.devices] == ["CPU:0"]
    one = distribution_of(tf.distribute.OneDeviceStrategy("/CPU:0"), 0)
    assert isinstance(one, Mirrored)
    with pytest.raises(ArgumentError, match="train_distribute must be mirrored, multiworker or parameter-server"):
        distribution_of("model-parallel:1", 0)
