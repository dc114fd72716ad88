"""Linear estimators with dual coordinate ascent: what it knows of each example is kept, and training goes on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.canned.combined import DNNLinearCombinedClassifier
from gristmill.estimator.canned.linear import LinearClassifier, LinearRegressor
from gristmill.estimator.canned.sdca import LinearSDCA
from gristmill.estimator.errors import ArgumentError

X = np.array([[0.0], [1.0], [2.0], [3.0]], np.float32)
Y = np.array([[0.0], [1.0], [2.0], [3.0]], np.float32)


def columns() -> list[Any]:
    return [tf.feature_column.numeric_column("x")]


def batches() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(({"x": X, "id": ["a", "b", "c", "d"]}, Y)).batch(2).repeat()


def test_training_goes_on_to_the_least_squares(tmp_path: Path) -> None:
    for steps in range(3, 100, 3):
        optimizer = LinearSDCA("id", symmetric_l2_regularization=0.01)
        made = LinearRegressor(columns(), tmp_path, optimizer=optimizer).train(batches, steps=3)
        assert made.get_variable_value("global_step") == steps
        if steps == 30:
            break
    design = np.hstack([X, np.ones_like(X)])
    expected = np.linalg.solve(design.T @ design + 0.01 * np.eye(2), design.T @ Y).ravel()
    found = [made.get_variable_value(f"linear/linear_model/{part}").item() for part in ("x/weights", "bias_weights")]
    np.testing.assert_allclose(found, expected, atol=0.02)
    assert made.get_variable_value("ShardedMutableHashTable-1-of-1-keys").shape == (4, 2)
    assert made.get_variable_value("ShardedMutableHashTable-1-of-1-values").shape == (4, 4)
    assert made.evaluate(batches, steps=2)["loss"] < 0.01


def test_refuses_other_estimators(tmp_path: Path) -> None:
    optimizer = LinearSDCA("id")
    with pytest.raises(ArgumentError, match="a classifier of two classes"):
        LinearClassifier(columns(), tmp_path, n_classes=3, optimizer=optimizer)
    with pytest.raises(ArgumentError, match="LinearSDCA trains linear estimators only"):
        DNNLinearCombinedClassifier(tmp_path, columns(), optimizer, dnn_feature_columns=columns(), dnn_hidden_units=[2])
