"""gristmill's columns beside TensorFlow's in one input."""

from typing import Any

import numpy as np
import tensorflow as tf

from gristmill.estimator.columns import DenseInput, LinearLogits
from gristmill.features import BucketColumn, CategoryColumn, NumberColumn

fc = tf.feature_column
AGE = NumberColumn("age", mean=30.0, deviation=10.0)
COLUMNS: list[Any] = [CategoryColumn("colour", 4, width=2), AGE, BucketColumn(AGE, (20.0, 40.0), width=3)]
LETTERS = fc.categorical_column_with_vocabulary_list("letter", ["a", "b"])
FEATURES: dict[str, Any] = {
    "age": np.array([20.0, 55.0], np.float32),
    "colour": np.array([3, 0]),
    "letter": np.array(["b", ""]),
}


def numbered(layer: Any) -> Any:
    """The layer with the number of a row in each row, or 1 where there is one row."""
    for variable in layer.variables:
        rows = np.arange(variable.shape[0], dtype=np.float32) if variable.shape[0] > 1 else np.ones(1, np.float32)
        variable.assign(np.broadcast_to(rows.reshape(-1, *[1] * (len(variable.shape) - 1)), variable.shape))
    return layer


def test_a_linear_model_adds_up_both_kinds() -> None:
    layer = numbered(LinearLogits([*COLUMNS, LETTERS], units=2))
    layer.variables[layer.names.index("linear/linear_model/bias_weights")].assign([10.0, 20.0])
    first = 3 - 1 + 2 + 1  # colour, age, bucket, letter
    second = 0 + 2.5 + 3 + 0
    expected = [[10 + first, 20 + first], [10 + second, 20 + second]]
    np.testing.assert_allclose(layer(FEATURES), expected)
    tensors = {name: tf.constant(value) for name, value in FEATURES.items()}
    np.testing.assert_allclose(tf.function(layer)(tensors), expected)


def test_a_network_reads_both_kinds_in_the_order_of_their_names() -> None:
    layer = numbered(DenseInput([*COLUMNS, fc.embedding_column(LETTERS, 1), fc.numeric_column("colour")]))
    expected = [  # age, age_bucket_embedding, colour, colour_embedding, letter_embedding
        [-1.0, 2, 2, 2, 3, 3, 3, 1],
        [2.5, 3, 3, 3, 0, 0, 0, 0],
    ]
    np.testing.assert_allclose(layer(FEATURES), expected)


def test_one_column_by_itself() -> None:
    np.testing.assert_allclose(DenseInput([AGE])(FEATURES), [[-1.0], [2.5]])


def test_one_value_may_stand_in_a_column() -> None:
    layer = numbered(LinearLogits(COLUMNS))
    standing = {name: value[:, None] for name, value in FEATURES.items()}
    np.testing.assert_allclose(layer(standing), layer(FEATURES))


def test_variables_are_those_that_the_layers_use() -> None:
    layer = LinearLogits(COLUMNS)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(FEATURES))
    assert all(gradient is not None for gradient in tape.gradient(total, layer.variables))
    assert all(isinstance(variable, tf.Variable) for variable in layer.variables)
