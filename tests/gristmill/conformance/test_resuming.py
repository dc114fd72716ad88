"""To train in two objects, one after the other, is to train in one, to the last bit."""

from pathlib import Path

import numpy as np
import pytest

from tests.gristmill.conformance.trained import Trained, config


def test_two_trainings_are_one(trained: Trained, tmp_path: Path) -> None:
    if not trained.member.exact:
        pytest.skip("its steps are in no fixed order")
    first, second = trained.member.steps
    trained.member.make(config(tmp_path)).train(trained.member.batches(), max_steps=first)
    made = trained.member.make(config(tmp_path, seed=9)).train(trained.member.batches(), steps=second)
    names = trained.estimator.get_variable_names()
    assert made.get_variable_names() == names
    for name in set(names) - {"boosted_trees/model"}:  # a text that holds the seed, which differs here
        expected = trained.estimator.get_variable_value(name)
        np.testing.assert_array_equal(made.get_variable_value(name), expected, err_msg=name)
