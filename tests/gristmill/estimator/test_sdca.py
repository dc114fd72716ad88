"""Dual coordinate ascent reaches the weights that it reached under tf.estimator 2.15.1, and refuses other models."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator import LinearClassifier
from gristmill.estimator.canned.sdca import LinearSDCA
from gristmill.estimator.columns import LinearLogits
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.estimator import Estimator
from gristmill.estimator.heads import BinaryClassHead, Head, MultiClassHead, RegressionHead
from gristmill.estimator.spec import EstimatorSpec
from gristmill.features import NumberColumn

fc = tf.feature_column

ROWS = np.arange(8)
FEATURES = {
    "x": np.stack([np.sin(ROWS), np.cos(ROWS * 2)], 1).astype(np.float32),
    "c": ROWS % 4,
    "m": np.stack([ROWS % 5, ROWS * 2 % 5], 1),
    "mw": np.stack([np.ones(8), 0.5 + ROWS / 8], 1).astype(np.float32),
    "z": ROWS.astype(np.float32) - 3.5,
    "id": ROWS.astype(str),
    "w": np.array([1, 2, 1, 1, 0.5, 1, 1, 3], np.float32),
}
CLASSES = np.array([0, 1, 1, 0, 1, 0, 0, 1])
NUMBERS = np.array([0.5, 1, -1, 2, 0, 1, 3, -2], np.float32)
CASES: dict[str, dict[str, Any]] = {
    "classes": {
        "head": BinaryClassHead(),
        "labels": CLASSES,
        "options": {},
        "bias_weights": [0.03299681842327118],
        "c/weights": [0.16923746466636658, 0.09057272225618362, -0.1312202662229538, -0.09559306502342224],
        "x/weights": [0.5401057600975037, -0.7657947540283203],
    },
    "l1": {
        "head": BinaryClassHead("w"),
        "labels": CLASSES,
        "options": {"symmetric_l1_regularization": 0.1, "symmetric_l2_regularization": 0.5},
        "bias_weights": [0.0],
        "c/weights": [0.0, 0.17155800759792328, -0.16903777420520782, 0.0],
        "x/weights": [0.9939854741096497, -1.0508568286895752],
    },
    "numbers": {
        "head": RegressionHead(),
        "labels": NUMBERS,
        "options": {"symmetric_l2_regularization": 2.0, "adaptive": True},
        "bias_weights": [0.2181251347064972],
        "c/weights": [-0.12904250621795654, 0.22217316925525665, 0.30420824885368347, -0.17921378188796997],
        "x/weights": [-0.5269500017166138, 0.4548197090625763],
    },
    "partitions": {
        "head": RegressionHead(),
        "labels": NUMBERS,
        "options": {"num_loss_partitions": 2, "num_table_shards": 2},
        "bias_weights": [0.23558549582958221],
        "c/weights": [-0.18360991775989532, 0.2622421681880951, 0.393931120634079, -0.2369779348373413],
        "x/weights": [-0.6552492380142212, 0.498861163854599],
    },
}
"""The weights that tf.estimator 2.15.1 had after 600 steps; it takes examples in an order of its own each time."""


def columns() -> list[Any]:
    marks = fc.weighted_categorical_column(fc.categorical_column_with_identity("m", 5), "mw")
    bucket = fc.bucketized_column(fc.numeric_column("z"), [0.0])
    return [fc.numeric_column("x", shape=2), fc.categorical_column_with_identity("c", 4), marks, bucket]


def batches(labels: Any, **other: Any) -> Any:
    return lambda: tf.data.Dataset.from_tensor_slices(({**FEATURES, **other}, labels)).batch(4).repeat()


def estimator(folder: Path, head: Head, optimizer: LinearSDCA) -> Estimator:
    def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        linear = LinearLogits(columns())
        logits = linear(features)

        def step(loss: Any) -> Any:
            return optimizer.train_op(linear, head, features, labels, logits)

        return head.create_estimator_spec(features, mode, logits, labels, train_op_fn=step)

    return Estimator(model_fn, folder)


@pytest.mark.parametrize("name", CASES)
def test_reaches_the_weights_of_2_15(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    optimizer = LinearSDCA("id", **case["options"])
    optimizer.check(case["head"], columns(), "sum")
    made = estimator(tmp_path, case["head"], optimizer).train(batches(case["labels"]), steps=600)
    for part in ("bias_weights", "c/weights", "x/weights"):
        found = made.get_variable_value(f"linear/linear_model/{part}").ravel()
        np.testing.assert_allclose(found, case[part], atol=2e-5)
    assert "linear/linear_model/c/weights_unshrunk" in made.get_variable_names()


def test_classes_may_be_words(tmp_path: Path) -> None:
    head = BinaryClassHead(label_vocabulary=["no", "yes"])
    made = estimator(tmp_path, head, LinearSDCA("id")).train(batches(np.array(["no", "yes"])[CLASSES]), steps=600)
    found = made.get_variable_value("linear/linear_model/x/weights").ravel()
    np.testing.assert_allclose(found, CASES["classes"]["x/weights"], atol=2e-5)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"symmetric_l2_regularization": 0.0}, "symmetric_l2_regularization should be positive"),
        ({"symmetric_l1_regularization": -1.0}, "symmetric_l1_regularization should be non-negative"),
    ],
)
def test_refuses_a_regularization(options: dict[str, float], text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        LinearSDCA("id", **options)  # type: ignore[arg-type]


def test_refuses_other_models() -> None:
    optimizer = LinearSDCA("id")
    for head in (MultiClassHead(3), RegressionHead(2)):
        with pytest.raises(ArgumentError, match="a classifier of two classes, or a regressor of one number"):
            optimizer.check(head, columns(), "sum")
    with pytest.raises(ArgumentError, match="sparse_combiner must be"):
        optimizer.check(BinaryClassHead(), columns(), "mean")
    with pytest.raises(ArgumentError, match=r"LinearSDCA takes columns of tf\.feature_column"):
        optimizer.check(BinaryClassHead(), [NumberColumn("x")], "sum")


def test_refuses_examples_without_ids(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="features must hold the examples' ids, 'name'"):
        estimator(tmp_path, BinaryClassHead(), LinearSDCA("name")).train(batches(CLASSES), steps=1)
    with pytest.raises(ArgumentError, match="must be strings"):
        estimator(tmp_path, BinaryClassHead(), LinearSDCA("id")).train(batches(CLASSES, id=ROWS), steps=1)


def test_a_linear_classifier_trains_by_it(tmp_path: Path) -> None:
    numbers = fc.numeric_column("x", shape=(2,))
    optimizer = LinearSDCA("id", symmetric_l2_regularization=0.5)
    estimator = LinearClassifier([numbers, fc.categorical_column_with_identity("c", 4)], tmp_path, optimizer=optimizer)
    before = estimator.train(lambda: (FEATURES, CLASSES), steps=1).evaluate(lambda: (FEATURES, CLASSES))["loss"]
    after = estimator.train(lambda: (FEATURES, CLASSES), steps=20).evaluate(lambda: (FEATURES, CLASSES))
    assert after["loss"] < before
    assert after["global_step"] == 21
    with pytest.raises(ArgumentError, match="sparse_combiner must be"):
        LinearClassifier([numbers], optimizer=optimizer, sparse_combiner="mean")
