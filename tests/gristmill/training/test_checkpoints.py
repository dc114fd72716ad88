"""A checkpoint is whole or not there; the last good ones stay; TensorFlow reads them."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from gristmill.errors import InputError, IntegrityError, WorkError
from gristmill.training import Checkpoints

TENSORS = {
    "dense/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "step": np.int64(7),
    "seed": np.array([1, 2**32 - 1], np.uint32),
    "half": tf.constant([1.5], tf.bfloat16),
}


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_what_was_saved_is_what_is_read(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path / "c")
    kept.save(7, TENSORS, {"epoch": 2, "history": [{"loss": 0.1}]})
    found = kept.load(7)
    assert (found.step, found.notes) == (7, {"epoch": 2, "history": [{"loss": 0.1}]})
    assert set(found.tensors) == set(TENSORS)
    for name, value in TENSORS.items():
        wanted = np.asarray(value)
        assert found.tensors[name].dtype == wanted.dtype
        np.testing.assert_array_equal(found.tensors[name], wanted)


def test_tensorflow_finds_and_reads_it(tmp_path: Path) -> None:
    prefix = Checkpoints(tmp_path).save(7, TENSORS)
    assert tf.train.latest_checkpoint(str(tmp_path)) == prefix
    assert tf.train.load_variable(str(tmp_path), "dense/kernel").tolist() == [[0, 1, 2], [3, 4, 5]]


def test_one_in_so_many_hours_stays_for_good(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path, keep=1, keep_every_hours=2)
    for step, hours in ((1, 1), (2, 3), (3, 4), (4, 6), (5, 7)):
        kept.save(step, TENSORS)
        then = time.time() + hours * 3600
        os.utime(tmp_path / f"model.ckpt-{step}.index", (then, then))
    assert kept.steps() == [2, 4, 5]


def test_the_last_ones_stay(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path, keep=2)
    for step in (1, 2, 10):
        kept.save(step, TENSORS)
    assert kept.steps() == [2, 10]
    files = [f"model.ckpt-{step}.{end}" for step in (10, 2) for end in ("data-00000-of-00001", "index")]
    assert names(tmp_path) == ["checkpoint", *files]
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert [os.path.basename(path) for path in state.all_model_checkpoint_paths] == ["model.ckpt-2", "model.ckpt-10"]


@pytest.mark.parametrize("end", ["data-00000-of-00001", "index"])
@pytest.mark.parametrize("harm", ["cut", "flipped", "removed"])
def test_a_damaged_one_is_named_and_an_earlier_one_taken(tmp_path: Path, end: str, harm: str) -> None:
    kept = Checkpoints(tmp_path)
    for step in (1, 2):
        kept.save(step, TENSORS)
    path = tmp_path / f"model.ckpt-2.{end}"
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    if harm == "removed":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if harm == "cut" else data)
    found, wrong = kept.latest()
    assert found is not None
    assert found.step == 1
    assert [str(tmp_path / "model.ckpt-2") in line for line in wrong] == (
        [] if (end, harm) == ("index", "removed") else [True]
    )


def test_all_damaged_are_not_taken_for_none(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    kept.save(1, TENSORS)
    (tmp_path / "model.ckpt-1.data-00000-of-00001").unlink()
    with pytest.raises(IntegrityError, match=r"model\.ckpt-1 is cut or changed"):
        kept.latest()


def test_none_is_none(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "no").latest() == (None, [])
    with pytest.raises(InputError, match=r"must hold a checkpoint of step 3\. Received: none"):
        Checkpoints(tmp_path).load(3)


def test_what_is_not_finite_is_not_saved(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    kept.save(1, TENSORS)
    with pytest.raises(WorkError, match="NaN or infinity in `dense/kernel` at step 2"):
        kept.save(2, {"dense/kernel": np.array([1.0, np.inf], np.float32)})
    assert kept.steps() == [1]


def test_what_a_killed_writer_left_is_removed_with_the_next(tmp_path: Path) -> None:
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial/saved.index").touch()
    (tmp_path / "model.ckpt-5.data-00000-of-00001").touch()
    Checkpoints(tmp_path).save(6, TENSORS)
    assert names(tmp_path) == ["checkpoint", "model.ckpt-6.data-00000-of-00001", "model.ckpt-6.index"]


def test_a_step_that_is_saved_again_is_replaced(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    for value in (1.0, 2.0):
        kept.save(1, {"x": value})
    assert kept.load(1).tensors["x"] == 2.0


def test_at_least_one_is_kept() -> None:
    with pytest.raises(InputError, match="Received: keep=0"):
        Checkpoints(Path("x"), keep=0)
