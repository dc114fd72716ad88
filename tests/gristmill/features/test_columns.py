"""Columns: what each gives to the linear half and to the network."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from gristmill.errors import InputError
from gristmill.features import BucketColumn, CategoryColumn, Column, CrossColumn, NumberColumn

COLOUR = CategoryColumn("colour", 4, width=3)
WORDS = CategoryColumn("words", length=3, width=2, vocabulary=("one", "two"))
AGE = NumberColumn("age", mean=30.0, deviation=10.0)
COLUMNS: dict[str, Column] = {
    "category": COLOUR,
    "list of terms": WORDS,
    "cross": CrossColumn(COLOUR, WORDS, width=5),
    "number": AGE,
    "bucket": BucketColumn(AGE, (20.0, 40.0), width=6),
}
RECORDS: dict[str, Any] = {
    "colour": np.array([1, 3, 0], np.int32),
    "words": np.array([["one", "two", ""], ["two", "never seen", ""], ["", "", ""]], object),
    "age": np.array([20.0, 55.0, np.nan], np.float32),
}
WIDTHS = {"category": 3, "list of terms": 2, "cross": 5, "number": 1, "bucket": 6}


def build(column: Column, half: str) -> keras.Model:
    inputs = column.inputs()
    return keras.Model(inputs, getattr(column, half)(dict(inputs)))


def call(model: keras.Model) -> Any:
    import tensorflow as tf

    return model({name: tf.constant(RECORDS[name]) for name in model.input}).numpy()


def numbered(model: keras.Model) -> keras.Model:
    """The model with the weight of index i at i, or 1 where there is one weight."""
    weight = model.trainable_variables[0]
    weight.assign(np.arange(weight.shape[0])[:, None] + np.zeros(weight.shape) + (weight.shape[0] == 1))
    return model


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_the_linear_half_has_weights_for_each_of_its_units(column: Column) -> None:
    inputs = column.inputs()
    model = keras.Model(inputs, column.wide(dict(inputs), units=2))
    model.trainable_variables[0].assign(np.ones(model.trainable_variables[0].shape) * [1.0, 10.0])
    logits = call(model)
    np.testing.assert_allclose(logits[:, 1], 10 * logits[:, 0])
    assert logits.any()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("category", [1, 3, 0]),
        ("list of terms", [1 + 2, 2, 0]),
        ("cross", [(3 + 1) + (3 + 2), 3 * 3 + 2, 0]),
        ("number", [-1, 2.5, 0]),
        ("bucket", [2, 3, 0]),
    ],
)
def test_the_linear_half_adds_one_weight_a_value(name: str, expected: list[float]) -> None:
    assert call(numbered(build(COLUMNS[name], "wide"))).tolist() == [[value] for value in expected]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("category", [1, 3, 0]), ("list of terms", [1.5, 2, 0]), ("cross", [4.5, 11, 0]), ("bucket", [2, 3, 0])],
)
def test_the_network_gets_the_mean_embedding(name: str, expected: list[float]) -> None:
    made = call(numbered(build(COLUMNS[name], "deep")))
    np.testing.assert_array_equal(made, np.repeat(np.array([expected]).T, WIDTHS[name], 1))


def test_the_network_gets_the_standardised_number() -> None:
    assert call(build(AGE, "deep")).tolist() == [[-1], [2.5], [0]]


@pytest.mark.parametrize("name", COLUMNS)
def test_the_linear_half_starts_at_zero(name: str) -> None:
    assert not call(build(COLUMNS[name], "wide")).any()


@pytest.mark.parametrize("half", ["wide", "deep"])
@pytest.mark.parametrize("name", COLUMNS)
def test_shapes_and_types_are_as_said(name: str, half: str) -> None:
    made = call(build(COLUMNS[name], half))
    assert made.shape == (3, WIDTHS[name] if half == "deep" else 1)
    assert made.dtype == np.float32


@pytest.mark.parametrize("half", ["wide", "deep"])
@pytest.mark.parametrize("name", COLUMNS)
def test_a_saved_model_computes_the_same(name: str, half: str, tmp_path: Path) -> None:
    model = build(COLUMNS[name], half)
    if model.trainable_variables:
        numbered(model)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(call(keras.saving.load_model(tmp_path / "model.keras")), call(model))


def test_both_halves_share_what_is_made_of_the_input() -> None:
    for column in COLUMNS.values():
        inputs = column.inputs()
        tensors = dict(inputs)
        model = keras.Model(inputs, [column.wide(tensors), column.deep(tensors)])
        assert len({layer.name for layer in model.layers}) == len(model.layers)


def test_the_size_of_a_category_is_its_vocabulary_and_nothing() -> None:
    assert (WORDS.count, COLOUR.count) == (3, 4)


def test_a_cross_takes_no_list_first() -> None:
    with pytest.raises(InputError, match=r"must hold one value. Received: words, a list"):
        CrossColumn(WORDS, COLOUR)


def test_a_cross_is_named_by_its_parts_and_reads_both() -> None:
    cross = CrossColumn(COLOUR, WORDS)
    assert cross.name == "colour_x_words"
    assert list(cross.inputs()) == ["colour", "words"]
