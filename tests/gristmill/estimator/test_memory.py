"""What training leaves behind in memory: no graph, and no gradient."""

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

import gristmill.estimator as tf_estimator
from gristmill.features import CategoryColumn, NumberColumn

fc = tf.feature_column
X, Y = {"n": np.ones(4, np.float32), "i": np.arange(4)}, np.array([0, 1, 0, 1])
NUMBER, INDEX = fc.numeric_column("n"), fc.categorical_column_with_identity("i", 4)


def graphs() -> int:
    """How many graphs there are, once what nobody holds is gone."""
    gc.collect()
    return sum(issubclass(type(one), tf.Graph) for one in gc.get_objects())  # isinstance would ask dead proxies


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: tf_estimator.LinearClassifier([NUMBER, INDEX], folder),
        lambda folder: tf_estimator.DNNClassifier([2], [NUMBER, fc.embedding_column(INDEX, 2)], folder),
        lambda folder: tf_estimator.LinearClassifier([NumberColumn("n"), CategoryColumn("i", 4)], folder),
    ],
    ids=["linear", "deep", "own"],
)
def test_graphs_and_gradients_are_not_kept(make: Any, tmp_path: Path) -> None:
    seen = []
    for _ in range(3):
        estimator = make(str(tmp_path))
        estimator.train(lambda: (X, Y), steps=1)
        list(estimator.predict(lambda: (X, Y)))
        del estimator
        seen.append((graphs(), len(ops._gradient_registry.list())))
    assert seen[2] == seen[1]
