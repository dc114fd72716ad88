"""Variables of columns: their names, first values and gradients; that they are made once, and shared where they should be."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.columns import DenseInput, LinearLogits, SequenceInput, Shared
from gristmill.estimator.errors import ArgumentError
from gristmill.features import BucketColumn, CategoryColumn, NumberColumn

fc = tf.feature_column
NETWORK = "dnn/input_from_feature_columns/input_layer"


def letters(key: str = "c") -> Any:
    return fc.categorical_column_with_vocabulary_list(key, ["a", "b"])


def shared(keys: tuple[str, ...] = ("c", "d"), **options: Any) -> list[Any]:
    """TensorFlow makes shared embeddings in a graph only."""
    with tf.Graph().as_default():
        return fc.shared_embeddings([letters(key) for key in keys], 3, **options)


LETTERS = {"c": np.array(["a", "b", "a"]), "d": np.array(["b", "", "x"])}


def test_names_of_a_linear_model_are_those_of_its_checkpoints() -> None:
    weighted = fc.weighted_categorical_column(fc.categorical_column_with_identity("i", 5), "iw")
    buckets = fc.bucketized_column(fc.numeric_column("y"), [0.0, 1.0])
    spaced = fc.categorical_column_with_hash_bucket("h x", 7)
    numbers = fc.numeric_column("n", shape=(2,))
    crossed = fc.crossed_column(["c", buckets], 10)
    layer = LinearLogits([numbers, buckets, letters(), spaced, crossed, weighted])
    shapes = {name: tuple(variable.shape) for name, variable in zip(layer.names, layer.variables, strict=True)}
    assert shapes == {
        "linear/linear_model/bias_weights": (1,),
        "linear/linear_model/c/weights": (2, 1),
        "linear/linear_model/c_X_y_bucketized/weights": (10, 1),
        "linear/linear_model/h_x/weights": (7, 1),
        "linear/linear_model/i_weighted_by_iw/weights": (5, 1),
        "linear/linear_model/n/weights": (2, 1),
        "linear/linear_model/y_bucketized/weights": (3, 1),
    }
    assert [variable.name for variable in layer.variables] == [f"{name}:0" for name in layer.names]
    assert not any(variable.numpy().any() for variable in layer.variables)


def test_names_of_dense_columns_in_a_linear_model() -> None:
    layer = LinearLogits([fc.embedding_column(letters(), 3), fc.indicator_column(letters("d")), *shared()[:1]])
    assert set(layer.names) == {
        "c_d_shared_embedding",
        "linear/linear_model/bias_weights",
        "linear/linear_model/c_embedding/embedding_weights",
        "linear/linear_model/c_embedding/weights",
        "linear/linear_model/c_shared_embedding/weights",
        "linear/linear_model/d_indicator/weights",
    }


def test_names_of_a_network_are_those_of_its_checkpoints() -> None:
    crossed = fc.crossed_column(["c", "d"], 10)
    columns = [fc.embedding_column(letters(), 3), fc.embedding_column(crossed, 2), fc.indicator_column(letters("d"))]
    assert DenseInput(columns).names == [
        f"{NETWORK}/c_X_d_embedding/embedding_weights",
        f"{NETWORK}/c_embedding/embedding_weights",
    ]
    assert DenseInput(shared(shared_embedding_collection_name="mine")).names == ["mine"]


def test_names_of_a_recurrent_network_are_those_of_its_checkpoints() -> None:
    sequence = fc.embedding_column(fc.sequence_categorical_column_with_identity("s", 5), 2)
    assert SequenceInput([sequence], [fc.embedding_column(letters(), 3)]).names == [
        "sequence_features/s_embedding/embedding_weights",
        "dense_features/c_embedding/embedding_weights",
    ]


def test_names_of_own_columns_follow_the_same_pattern() -> None:
    columns = [CategoryColumn("k", 5), NumberColumn("z"), BucketColumn(NumberColumn("z"), (1.0,))]
    linear = {name.removeprefix("linear/linear_model/") for name in LinearLogits(columns).names}
    assert linear == {"bias_weights", "k/weights", "z/weights", "z_bucket/weights"}
    network = {name.removeprefix(f"{NETWORK}/") for name in DenseInput(columns).names}
    assert network == {"k_embedding/embedding_weights", "z_bucket_embedding/embedding_weights"}


def test_embeddings_start_from_a_cut_normal_distribution() -> None:
    column = fc.embedding_column(fc.categorical_column_with_identity("i", 10_000), 16)
    (table,) = DenseInput([column]).variables
    assert table.numpy().std() == pytest.approx(0.22, abs=0.01)
    assert np.abs(table).max() < 0.5


def test_an_initializer_of_ones_own() -> None:
    column = fc.embedding_column(letters(), 3, initializer=keras.initializers.Constant(2.0))
    (table,) = DenseInput([column]).variables
    assert (table.numpy() == 2.0).all()


def test_an_embedding_that_is_not_trained() -> None:
    layer = DenseInput([fc.embedding_column(letters(), 3, trainable=False), fc.embedding_column(letters("d"), 3)])
    assert [variable.trainable for variable in layer.variables] == [False, True]
    assert layer.trainable_variables == layer.variables[1:]


def test_an_embedding_from_a_checkpoint(tmp_path: Path) -> None:
    table = tf.Variable(np.arange(6.0, dtype=np.float32).reshape(2, 3))
    path = tf.train.Checkpoint(table=table).write(str(tmp_path / "saved"))
    name = "table/.ATTRIBUTES/VARIABLE_VALUE"
    column = fc.embedding_column(letters(), 3, ckpt_to_load_from=path, tensor_name_in_ckpt=name)
    layer = DenseInput([column])
    np.testing.assert_array_equal(layer.variables[0], table)
    layer.variables[0].assign_add(tf.ones([2, 3]))
    np.testing.assert_array_equal(layer(LETTERS)[0], [1.0, 2.0, 3.0])
    several = DenseInput(shared(ckpt_to_load_from=path, tensor_name_in_ckpt=name))
    np.testing.assert_array_equal(several.variables[0], table)
    missing = fc.embedding_column(letters(), 3, ckpt_to_load_from=path, tensor_name_in_ckpt="other")
    with pytest.raises(ArgumentError, match=r"must be in the checkpoint.*Received: other"):
        DenseInput([missing])
    narrow = fc.embedding_column(letters(), 2, ckpt_to_load_from=path, tensor_name_in_ckpt=name)
    with pytest.raises(ArgumentError, match=r"shape \(2, 2\).*Received: \(2, 3\)"):
        DenseInput([narrow])


def test_columns_that_share_a_table() -> None:
    layer = DenseInput(shared())
    (table,) = layer.variables
    assert layer.names == ["c_d_shared_embedding"]
    table.assign([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    expected = [[1, 2, 3, 4, 5, 6], [4, 5, 6, 0, 0, 0], [1, 2, 3, 0, 0, 0]]
    np.testing.assert_array_equal(layer(LETTERS), expected)


def test_two_models_of_the_same_shared_columns_have_tables_of_their_own() -> None:
    columns = shared()
    first, second = DenseInput(columns), DenseInput(columns)
    assert first.variables[0] is not second.variables[0]


def test_two_inputs_of_one_model_share_one_table() -> None:
    columns, common = shared(), Shared()
    linear, network = LinearLogits(columns, shared=common), DenseInput(columns, shared=common)
    assert "c_d_shared_embedding" in linear.names
    assert network.variables == []
    linear.variables[linear.names.index("c_d_shared_embedding")].assign(tf.ones([2, 3]))
    assert network(LETTERS).numpy()[0].tolist() == [1.0] * 6


def test_a_trace_makes_real_variables_and_finds_them_again() -> None:
    made: list[LinearLogits] = []

    def trace(letter: Any) -> Any:
        if not made:
            made.append(LinearLogits([letters()]))
        return made[0]({"c": letter})

    spec = tf.TensorSpec([None], tf.string)
    first, second = (tf.compat.v1.wrap_function(trace, [spec]) for _ in range(2))
    made[0].variables[0].assign([[1.0], [2.0]])
    for function in (first, second):
        np.testing.assert_array_equal(function(tf.constant(["b", "a", ""])), [[2.0], [1.0], [0.0]])
    assert len(made[0].state.shared.resources) == 1
    np.testing.assert_array_equal(made[0]({"c": ["b"]}), [[2.0]])


def test_gradients_are_dense_for_small_tables_and_sparse_for_large_ones() -> None:
    columns = [letters(), fc.categorical_column_with_identity("i", 100_000)]
    layer = LinearLogits(columns)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(LETTERS | {"i": np.array([7, 7, 3])}))
    small, large, bias = tape.gradient(total, layer.variables)
    np.testing.assert_array_equal(small, [[2.0], [1.0]])
    assert isinstance(large, tf.IndexedSlices)
    assert dict(zip(large.indices.numpy().tolist(), large.values.numpy().ravel(), strict=True)) == {7: 2.0, 3: 1.0}
    np.testing.assert_array_equal(bias, [3.0])


def test_gradients_of_embeddings() -> None:
    large = fc.embedding_column(fc.categorical_column_with_identity("i", 100_000), 2)
    layer = DenseInput([fc.embedding_column(letters(), 2), fc.embedding_column(letters("d"), 2), large])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(LETTERS | {"i": np.array([7, -1, 7])}) * np.arange(6.0, dtype=np.float32))
    first, second, third = tape.gradient(total, layer.variables)
    np.testing.assert_array_equal(first, [[0.0, 2.0], [0.0, 1.0]])
    np.testing.assert_array_equal(second, [[0.0, 0.0], [2.0, 3.0]])
    assert tf.convert_to_tensor(third)[7].numpy().tolist() == [8.0, 10.0]
