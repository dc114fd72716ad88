"""To go on from a checkpoint, in a new object, is never to have stopped, to the last bit."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.gristmill.conformance.trained import Trained, config


def test_going_on_is_not_to_have_stopped(trained: Trained, tmp_path: Path) -> None:
    if not trained.member.exact:
        pytest.skip("its steps are in no fixed order")
    first, second = trained.member.steps
    for file in Path(trained.estimator.model_dir).glob(f"model.ckpt-{first}.*"):
        shutil.copy(file, tmp_path)
    tf.compat.v1.train.update_checkpoint_state(str(tmp_path), f"model.ckpt-{first}")
    made = trained.member.make(config(tmp_path, seed=9)).train(trained.member.batches(), steps=second)
    names = trained.estimator.get_variable_names()
    assert made.get_variable_names() == names
    for name in set(names) - {"boosted_trees/model"}:  # a text that holds the seed, which differs here
        expected = trained.estimator.get_variable_value(name)
        np.testing.assert_array_equal(made.get_variable_value(name), expected, err_msg=name)
