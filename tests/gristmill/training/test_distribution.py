"""Training on several devices and processes: the weights of one, and no step lost where a process is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gristmill.errors import InputError
from gristmill.launch import loopback, supervise
from gristmill.training.distribution import open_distribution
from gristmill.training.distribution.parts import added, part_of, rows_in, scaled

SCRIPT = Path(__file__).with_name("distributed_fit.py")
LOCAL = ("none", "mirrored:2", "mirrored:3", "model-parallel:2", "model-parallel:3+placed")
STEPS = 6 * 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a process has written that trained in each way that needs one process, three parts of the CPU."""
    made = tmp_path_factory.mktemp("local")
    kinds = sorted(LOCAL, key=lambda kind: ":3" not in kind)  # the most parts first: they are made once
    subprocess.run([sys.executable, SCRIPT, made, *kinds], check=True, timeout=300)
    return made


def weights(folder: Path, kind: str) -> list[Any]:
    with np.load(folder / f"{kind}.npz") as found:
        return [found[name] for name in found.files]


def figures(folder: Path, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{kind}.json").read_text())
    return found


def assert_same(one: list[Any], other: list[Any]) -> None:
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", LOCAL[1:])
def test_devices_of_one_process_give_the_weights_of_one(folder: Path, kind: str) -> None:
    assert_same(weights(folder, kind), weights(folder, "none"))
    assert figures(folder, kind)["steps"] == figures(folder, kind)["iterations"] == STEPS


@pytest.mark.slow
def test_weights_stand_where_they_were_put(folder: Path) -> None:
    assert set(figures(folder, "none")["devices"]) == {"CPU:0"}
    largest = figures(folder, "model-parallel:2")["devices"]
    assert largest == ["CPU:0", "CPU:0", "CPU:1", "CPU:0", "CPU:0", "CPU:0"]
    placed = figures(folder, "model-parallel:3+placed")["devices"]
    assert placed == ["CPU:0", "CPU:1", "CPU:2", "CPU:1", "CPU:1", "CPU:0", "CPU:0"]


@pytest.mark.slow
def test_a_worker_that_is_killed_comes_back_to_the_weights_of_one(folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    command = [sys.executable, str(SCRIPT), str(tmp_path), "multiworker"]
    assert supervise(command, lambda: loopback("multiworker", 2), told.append) == 0
    assert len(told) == 1
    assert "all start again from the last checkpoint" in told[0]
    assert_same(weights(tmp_path, "multiworker"), weights(folder, "none"))
    assert figures(tmp_path, "multiworker")["steps"] == STEPS


@pytest.mark.slow
def test_workers_of_parameter_servers_lose_no_step(folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    command = [sys.executable, str(SCRIPT), str(tmp_path), "parameter-server"]
    assert supervise(command, lambda: loopback("parameter-server", 2), told.append) == 0
    assert told == ["worker 1 was lost (signal 9): it starts again"]
    found, alone = figures(tmp_path, "parameter-server"), figures(folder, "none")
    assert found["steps"] == STEPS
    # A batch whose worker was lost after it had updated and before it could tell is counted twice.
    assert STEPS <= found["iterations"] <= STEPS + 2
    assert found["best"]["val_loss"] == pytest.approx(alone["best"]["val_loss"], rel=0.2)


BATCH = {
    "dense": tf.reshape(tf.range(10), [5, 2]),
    "ragged": tf.ragged.constant([[1], [2, 3], [], [4, 5, 6], [7]]),
    "sparse": tf.sparse.from_dense([[1, 0], [0, 2], [0, 0], [3, 4], [0, 5]]),
    "none": None,
    "single": tf.constant(7),
}


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7])
def test_parts_are_the_batch(count: int) -> None:
    parts, shares = zip(*(part_of(BATCH, place, count) for place in range(count)), strict=True)
    assert sum(map(float, shares)) == pytest.approx(1.0)
    np.testing.assert_array_equal(np.concatenate([part["dense"] for part in parts]), BATCH["dense"])
    assert tf.concat([part["ragged"] for part in parts], 0).to_list() == BATCH["ragged"].to_list()
    sparse = tf.concat([tf.sparse.to_dense(part["sparse"]) for part in parts], 0)
    np.testing.assert_array_equal(sparse, tf.sparse.to_dense(BATCH["sparse"]))
    assert {part["none"] for part in parts} == {None}
    assert {int(part["single"]) for part in parts} == {7}
    assert max(map(rows_in, parts)) - min(map(rows_in, parts)) <= 1


def test_a_batch_must_have_examples() -> None:
    with pytest.raises(InputError, match="a batch must have an axis of examples"):
        rows_in({"a": tf.constant(1)})


def test_sums_of_gradients() -> None:
    rows = tf.IndexedSlices(tf.ones([2, 3]), tf.constant([0, 1]), tf.constant([4, 3]))
    both = added([rows, scaled(rows, 2.0)])
    assert isinstance(both, tf.IndexedSlices)
    np.testing.assert_array_equal(tf.convert_to_tensor(both)[:, 0], [3, 3, 0, 0])
    np.testing.assert_array_equal(added([rows, tf.ones([4, 3]), None])[:, 0], [2, 2, 1, 1])
    assert added([None, None]) is None
    np.testing.assert_array_equal(scaled(tf.constant([np.nan, 1.0]), 0.0), [0.0, 0.0])


@pytest.mark.parametrize(
    ("text", "placement", "message"),
    [
        ("mirored", None, "did you mean 'mirrored'"),
        ("mirrored:2", {"a": 1}, "layers are placed with model-parallel"),
        ("mirrored:4000", None, "devices must be chosen before TensorFlow computes anything"),
        ("multiworker", None, "multiworker needs the environment variable TF_CONFIG"),
        ("model-parallel:1", {"a": 1}, "placed on a device from 0 to 0, or `split`. Received: 1 for 'a'"),
        ("model-parallel:1", {"a": "cut"}, "placed on a device from 0 to 0, or `split`. Received: 'cut' for 'a'"),
    ],
)
def test_what_cannot_be_opened(
    text: str, placement: dict[str, int | str] | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    tf.constant(1.0)
    with pytest.raises(InputError, match=message):
        open_distribution(text, placement)
