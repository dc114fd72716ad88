"""How examples are parsed for columns, labels and weights."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from gristmill.estimator.columns import (
    LinearLogits,
    classifier_parse_example_spec,
    parse_example_spec,
    regressor_parse_example_spec,
)
from gristmill.estimator.errors import ArgumentError
from gristmill.features import CategoryColumn, CrossColumn, NumberColumn

fc = tf.feature_column
LETTERS = fc.categorical_column_with_vocabulary_list("c", ["a", "b"])
NUMBERS = fc.numeric_column("x", shape=(2,))
READ = {"c": tf.io.VarLenFeature(tf.string), "x": tf.io.FixedLenFeature((2,), tf.float32)}
TERMS = CategoryColumn("t", vocabulary=("p", "q"))
OWN = [NumberColumn("z"), CrossColumn(TERMS, CategoryColumn("k", 5, length=3))]


def test_columns_of_both_kinds() -> None:
    assert parse_example_spec([LETTERS, NUMBERS, fc.indicator_column(LETTERS), *OWN]) == READ | {
        "k": tf.io.FixedLenFeature((3,), tf.int64),
        "t": tf.io.FixedLenFeature((1,), tf.string),
        "z": tf.io.FixedLenFeature((1,), tf.float32),
    }


def test_one_column_and_none() -> None:
    assert parse_example_spec(LETTERS) == {"c": tf.io.VarLenFeature(tf.string)}
    assert parse_example_spec([]) == {}


def test_a_classifier() -> None:
    spec = classifier_parse_example_spec([LETTERS, NUMBERS], "y", weight_column="w")
    assert spec == READ | {
        "w": tf.io.FixedLenFeature((1,), tf.float32),
        "y": tf.io.FixedLenFeature((1,), tf.int64),
    }
    weight = fc.numeric_column("w", default_value=1.0)
    assert classifier_parse_example_spec([LETTERS], "y", tf.string, "no", weight) == {
        "c": tf.io.VarLenFeature(tf.string),
        "w": tf.io.FixedLenFeature((1,), tf.float32, (1.0,)),
        "y": tf.io.FixedLenFeature((1,), tf.string, "no"),
    }


def test_a_regressor() -> None:
    assert regressor_parse_example_spec([LETTERS, NUMBERS], "y", label_dimension=3, label_default=0.0) == READ | {
        "y": tf.io.FixedLenFeature((3,), tf.float32, 0.0)
    }


@pytest.mark.parametrize("spec", [classifier_parse_example_spec, regressor_parse_example_spec])
@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ([LETTERS], {"label_key": "c"}, "label must not be a feature of the model. Received: 'c'"),
        ([LETTERS], {"label_key": None}, "`label_key` must be the name of a feature. Received: None"),
        (
            [LETTERS],
            {"label_key": "y", "weight_column": "c"},
            "weight must not be a feature of the model. Received: 'c'",
        ),
        (
            [LETTERS],
            {"label_key": "y", "weight_column": "y"},
            "weight must not be a feature of the model. Received: 'y'",
        ),
        ([LETTERS], {"label_key": "y", "weight_column": LETTERS}, "must be a name or a numeric_column"),
        ([LETTERS, fc.numeric_column("c")], {"label_key": "y"}, "must agree.*Received for 'c': VarLen.*FixedLen"),
        (["c"], {"label_key": "y"}, "columns must hold columns of tf.feature_column"),
    ],
)
def test_refusals(spec: Callable[..., Any], columns: list[Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        spec(columns, **options)


def test_a_linear_model_reads_what_was_parsed() -> None:
    columns = [LETTERS, NUMBERS, *OWN]
    text, numbers = tf.train.Feature, tf.train.FloatList
    example = tf.train.Example(
        features=tf.train.Features(
            feature={
                "c": text(bytes_list=tf.train.BytesList(value=[b"a", b"b"])),
                "k": text(int64_list=tf.train.Int64List(value=[1, 2, 0])),
                "t": text(bytes_list=tf.train.BytesList(value=[b"q"])),
                "x": text(float_list=numbers(value=[0.5, 1.5])),
                "z": text(float_list=numbers(value=[4.0])),
            }
        )
    )
    features = tf.io.parse_example([example.SerializeToString()], parse_example_spec(columns))
    layer = LinearLogits(columns)
    for variable in layer.variables:
        variable.assign(tf.ones_like(variable))
    crosses, categories, pair, number, bias = 2.0, 2.0, 0.5 + 1.5, 4.0, 1.0
    assert layer(features).numpy().tolist() == [[crosses + categories + pair + number + bias]]
