"""What columns refuse, before anything is computed."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.columns import DenseInput, LinearLogits, SequenceInput
from gristmill.estimator.errors import ArgumentError
from gristmill.features import CategoryColumn, NumberColumn

fc = tf.feature_column


def letters(key: str = "c") -> Any:
    return fc.categorical_column_with_vocabulary_list(key, ["a", "b"])


def steps() -> Any:
    return fc.sequence_categorical_column_with_identity("s", 5)


def number(name: str = "n", **options: Any) -> Any:
    return fc.numeric_column(name, **options)


@pytest.mark.parametrize("layer", [LinearLogits, DenseInput, SequenceInput])
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([], "columns must not be empty"),
        (["n"], "columns must hold columns of tf.feature_column.*Received: 'n' .type str"),
        ("n", "columns must be a list of feature columns. Received: 'n'"),
        ({"n": None}, "columns must be a list of feature columns. Received: {'n'"),
        (3, "columns must be a list of feature columns. Received: 3"),
    ],
)
def test_what_is_no_list_of_columns(layer: Any, columns: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        layer(columns)


@pytest.mark.parametrize(
    ("layer", "columns", "message"),
    [
        (LinearLogits, [number(), number()], "names of their own.*Received: 'n'"),
        (DenseInput, [number(), number(shape=(2,))], "names of their own.*Received: 'n'"),
        (LinearLogits, [letters(), CategoryColumn("c", 3)], "names of their own.*Received: 'c'"),
        (DenseInput, [fc.embedding_column(letters(), 2), CategoryColumn("c", 3)], "names of their own.*'c_embedding'"),
        (DenseInput, [letters()], "indicator_column or embedding_column. Received: c .type VocabularyList"),
        (DenseInput, [fc.embedding_column(steps(), 2)], "sequences.*Received: s_embedding"),
        (DenseInput, [fc.sequence_numeric_column("s")], "sequences.*Received: s"),
        (LinearLogits, [fc.indicator_column(steps())], "sequences.*Received: s_indicator"),
        (
            SequenceInput,
            [fc.embedding_column(letters(), 2)],
            "around a sequence_categorical_column. Received: c_embedding",
        ),
        (SequenceInput, [steps()], "around a sequence_categorical_column. Received: s "),
        (SequenceInput, [number()], "sequence_numeric_column.*Received: n"),
        (SequenceInput, [CategoryColumn("c", 3)], "sequence_numeric_column.*Received: c"),
    ],
)
def test_columns_of_the_wrong_kind(layer: Any, columns: list[Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        layer(columns)


def test_context_columns_must_be_dense() -> None:
    with pytest.raises(ArgumentError, match=r"indicator_column or embedding_column. Received: c"):
        SequenceInput([fc.embedding_column(steps(), 2)], [letters()])


@pytest.mark.parametrize("units", [0, -3, 1.0, None])
def test_units_must_be_a_positive_integer(units: Any) -> None:
    with pytest.raises(ArgumentError, match=r"`units` must be a positive integer. Received: units="):
        LinearLogits([number()], units)


def test_an_unknown_combiner() -> None:
    with pytest.raises(ArgumentError, match=r"`sparse_combiner` must be one of .*Received: 'max'"):
        LinearLogits([number()], sparse_combiner="max")


WORDS, NUMBERS = np.array(["a", "b"]), np.array([0.5, 1.5], np.float32)


@pytest.mark.parametrize(
    ("column", "features", "message"),
    [
        (letters(), {"x": WORDS, "y": WORDS}, "features must hold 'c', which the column 'c' reads. Received: x, y"),
        (fc.crossed_column(["c", "d"], 5), {"c": WORDS}, "must hold 'd', which the column 'c_X_d' reads"),
        (letters(), {}, "Received: none"),
        (letters(), [WORDS], "features must be a dict of tensors by name. Received: list"),
        (number(), {"n": WORDS}, "'n' reads numbers of 'n'. Received: string"),
        (number(), {"n": np.ones([2, 3])}, r"reads \[1\] numbers a record of 'n'. Received: \[3\]"),
        (number(shape=(2,)), {"n": NUMBERS}, r"reads \[2\] numbers a record of 'n'. Received: \[\]"),
        (number(), {"n": tf.sparse.from_dense(NUMBERS)}, "reads a dense tensor of 'n'. Received: a SparseTensor"),
        (number(), {"n": 3.0}, "'n' must have one row a record. Received: a scalar"),
        (letters(), {"c": NUMBERS}, "'c' reads strings of 'c'. Received: float32"),
        (letters(), {"c": np.array([1, 2])}, "'c' reads strings of 'c'. Received: int64"),
        (fc.categorical_column_with_identity("i", 3), {"i": NUMBERS}, "'i' reads integers of 'i'. Received: float32"),
        (
            fc.categorical_column_with_hash_bucket("h", 3, tf.int64),
            {"h": WORDS},
            "reads integers of 'h'. Received: string",
        ),
        (fc.crossed_column(["c", "d"], 5), {"c": WORDS, "d": NUMBERS}, "reads strings or integers of 'd'"),
        (
            fc.weighted_categorical_column(letters(), "w"),
            {"c": WORDS, "w": np.array([1, 2])},
            "'c_weighted_by_w' reads float32 of 'w'. Received: int64",
        ),
        (CategoryColumn("c", 3), {"c": WORDS}, "'c' reads integers of 'c'. Received: string"),
        (NumberColumn("z"), {"z": tf.sparse.from_dense(NUMBERS)}, "reads a dense tensor of 'z'"),
    ],
)
def test_features_that_columns_cannot_read(column: Any, features: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        LinearLogits([column])(features)


def test_features_of_batches_of_different_sizes() -> None:
    with pytest.raises(ArgumentError, match=r"equally long. Received: c 2, n 3"):
        LinearLogits([letters(), number()])({"c": WORDS, "n": np.ones(3)})


def test_dense_numbers_are_no_sequence() -> None:
    layer = SequenceInput([fc.sequence_numeric_column("s")])
    with pytest.raises(ArgumentError, match=r"reads a sparse or ragged tensor of 's'. Received: a dense one"):
        layer({"s": np.ones([2, 3])})


def test_errors_are_those_that_code_for_tf_estimator_catches() -> None:
    with pytest.raises(ValueError, match="must hold 'n'"):
        LinearLogits([number()])({})
