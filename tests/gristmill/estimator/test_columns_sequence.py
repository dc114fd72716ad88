"""Sequences are read as tf.estimator 2.15.1 read them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.columns import SequenceInput
from gristmill.estimator.errors import ArgumentError

fc = tf.feature_column

FEATURES: dict[str, Any] = {
    "words": np.array([["a", "b", "x"], ["d", "", ""], ["", "", ""], ["b", "a", "d"]]),
    "marks": np.array([[1, 2, 0], [3, -1, -1], [-1, -1, -1], [0, 1, 4]]),
    "pulse": tf.ragged.constant([[0.5, 1.0, 1.5], [2.0], [], [2.5, 3.0, 3.5]]),
    "context": np.array([1.0, 2.0, 3.0, 4.0], np.float32),
    "kind": np.array(["a", "b", "", "d"]),
}


def words(**options: Any) -> Any:
    return fc.sequence_categorical_column_with_vocabulary_list("words", ["a", "b", "d"], **options)


def everything() -> tuple[list[Any], list[Any]]:
    marks = fc.indicator_column(fc.sequence_categorical_column_with_identity("marks", 5))
    kind = fc.embedding_column(fc.categorical_column_with_vocabulary_list("kind", ["a", "b", "d"]), 2)
    sequences = [fc.sequence_numeric_column("pulse"), fc.embedding_column(words(), 2), marks]
    return sequences, [fc.numeric_column("context"), kind]


COLUMNS: dict[str, Callable[[], tuple[list[Any], list[Any]]]] = {
    "embedding": lambda: ([fc.embedding_column(words(), 2)], []),
    "indicator": lambda: ([fc.indicator_column(words(num_oov_buckets=1))], []),
    "hash": lambda: ([fc.embedding_column(fc.sequence_categorical_column_with_hash_bucket("words", 5), 2)], []),
    "numbers": lambda: ([fc.sequence_numeric_column("pulse")], []),
    "all": everything,
}
EXPECTED: dict[str, Any] = {
    "embedding": (
        [[[1, 2], [3, 4], [0, 0]], [[5, 6], [0, 0], [0, 0]], [[0, 0], [0, 0], [0, 0]], [[3, 4], [1, 2], [5, 6]]],
        [3, 1, 0, 3],
    ),
    "indicator": (
        [
            [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]],
            [[0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
            [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
            [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]],
        ],
        [3, 1, 0, 3],
    ),
    "hash": (
        [[[9, 10], [5, 6], [1, 2]], [[1, 2], [0, 0], [0, 0]], [[0, 0], [0, 0], [0, 0]], [[5, 6], [9, 10], [1, 2]]],
        [3, 1, 0, 3],
    ),
    "numbers": ([[[0.5], [1], [1.5]], [[2], [0], [0]], [[0], [0], [0]], [[2.5], [3], [3.5]]], [3, 1, 0, 3]),
    "all": (
        [
            [
                [0, 1, 0, 0, 0, 0.5, 1, 2, 1, 1, 2],
                [0, 0, 1, 0, 0, 1, 3, 4, 1, 1, 2],
                [1, 0, 0, 0, 0, 1.5, 0, 0, 1, 1, 2],
            ],
            [[0, 0, 0, 1, 0, 2, 5, 6, 2, 3, 4], [0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 4], [0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 4]],
            [[0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0]],
            [
                [1, 0, 0, 0, 0, 2.5, 3, 4, 4, 5, 6],
                [0, 1, 0, 0, 0, 3, 1, 2, 4, 5, 6],
                [0, 0, 0, 0, 1, 3.5, 5, 6, 4, 5, 6],
            ],
        ],
        [3, 1, 0, 3],
    ),
}


def counted(layer: Any) -> Any:
    """The layer with the weights 1, 2, 3 ... in each of its variables."""
    for variable in layer.variables:
        variable.assign(np.arange(1, 1 + np.prod(variable.shape), dtype=np.float32).reshape(variable.shape))
    return layer


@pytest.mark.parametrize("name", EXPECTED)
def test_values_and_lengths(name: str) -> None:
    layer = counted(SequenceInput(*COLUMNS[name]()))
    for call in (layer, tf.function(layer)):
        sequence, lengths = call({key: tf.convert_to_tensor(v) if key != "pulse" else v for key, v in FEATURES.items()})
        np.testing.assert_allclose(sequence, EXPECTED[name][0])
        assert lengths.numpy().tolist() == EXPECTED[name][1]
        assert lengths.dtype == tf.int64
        assert sequence.shape[-1] == len(EXPECTED[name][0][0][0])


def test_numbers_of_a_shape() -> None:
    layer = SequenceInput([fc.sequence_numeric_column("pulse", shape=(2,))])
    sequence, lengths = layer({"pulse": tf.ragged.constant([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0]])})
    assert sequence.numpy().tolist() == [[[1, 2], [3, 4]], [[5, 6], [0, 0]]]
    assert lengths.numpy().tolist() == [2, 1]


def test_sequences_must_be_equally_long() -> None:
    layer = SequenceInput(everything()[0])
    with pytest.raises(ArgumentError, match="sequences of marks_indicator, pulse, words_embedding must"):
        layer(FEATURES | {"marks": np.array([[1, 2, -1], [3, -1, -1], [-1, -1, -1], [0, 1, 4]])})
