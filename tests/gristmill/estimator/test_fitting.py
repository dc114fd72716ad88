"""Canned estimators on gristmill's own columns, trained epoch by epoch: on XOR a linear model cannot, a cross or a network can."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill.data.batches import Batches
from gristmill.errors import InputError, WorkError
from gristmill.estimator import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    LinearClassifier,
    LinearRegressor,
    binary_metrics,
    logistic,
)
from gristmill.features import BucketColumn, CategoryColumn, Column, CrossColumn, NumberColumn

A, B = CategoryColumn("a", 3, width=4), CategoryColumn("b", 3, width=4)
PLAIN: list[Column] = [A, B]
CROSSED: list[Column] = [A, B, CrossColumn(A, B)]
PAIRS = {"a": np.array([1, 1, 2, 2] * 8, np.int32), "b": np.array([1, 2, 1, 2] * 8, np.int32)}
DIFFER = (PAIRS["a"] != PAIRS["b"]).astype(np.float32)
SAME = Batches(PAIRS, DIFFER, 32)


@pytest.fixture(autouse=True)
def _seed() -> None:
    keras.utils.set_random_seed(1)


def adam() -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(0.1)


def both(linear: Any, deep: Any, units: int, folder: Path | None = None, **options: Any) -> Any:
    return DNNLinearCombinedClassifier(
        folder,
        linear_feature_columns=CROSSED,
        linear_optimizer=linear,
        dnn_feature_columns=PLAIN,
        dnn_optimizer=deep,
        dnn_hidden_units=[units],
        **options,
    )


@pytest.mark.parametrize(
    ("make", "accuracy"),
    [
        (lambda folder: LinearClassifier(PLAIN, folder, optimizer=adam()), 0.5),
        (lambda folder: LinearClassifier(CROSSED, folder, optimizer=adam()), 1.0),
        (lambda folder: DNNClassifier([8], PLAIN, folder, optimizer=adam()), 1.0),
        (lambda folder: both(adam(), adam(), 8, folder), 1.0),
    ],
    ids=["linear", "linear with a cross", "deep", "wide and deep"],
)
def test_xor_needs_a_cross_or_depth(make: Callable[[Path], Any], accuracy: float, tmp_path: Path) -> None:
    estimator = make(tmp_path)
    estimator.fit(SAME, epochs=60)
    metrics = estimator.evaluate(SAME)
    assert metrics["accuracy"] == accuracy
    assert (metrics["average_loss"] < 0.1) == (accuracy == 1.0)
    assert metrics["global_step"] == 60


def test_both_halves_may_read_the_same_columns(tmp_path: Path) -> None:
    number = NumberColumn("n", 1.0, 2.0)
    words = CategoryColumn("w", vocabulary=("x", "y"))
    columns: list[Column] = [words, CrossColumn(words, A), A, number, BucketColumn(number, (0.0,))]
    estimator = DNNLinearCombinedClassifier(
        tmp_path, linear_feature_columns=columns, dnn_feature_columns=columns, dnn_hidden_units=[4]
    )
    features = {"w": tf.constant(["x", "z"]), "a": tf.constant([1, 2]), "n": tf.constant([0.5, math.nan])}
    assert len(list(estimator.predict(lambda: features))) == 2
    assert len([layer for layer in estimator.model.layers if isinstance(layer, keras.layers.StringLookup)]) == 1


def test_each_optimizer_trains_its_own_half_only() -> None:
    still = keras.optimizers.SGD(0.0)
    for linear, deep, moves in [(still, adam(), "deep"), (adam(), keras.optimizers.SGD(0.0), "linear")]:
        estimator = both(linear, deep, 4)
        before = {variable.path: variable.numpy() for variable in estimator.model.trainable_variables}
        estimator.fit(SAME, epochs=3)
        after = {variable.path: variable.numpy() for variable in estimator.model.trainable_variables}
        moved = {path.split("/")[0] for path in before if not np.array_equal(before[path], after[path])}
        halves = {
            "linear": {"wide_a", "wide_b", "wide_a_x_b", "linear_bias"},
            "deep": {"deep_a", "deep_b", "hidden_0", "deep_logit"},
        }
        assert moved <= halves[moves]
        assert len(moved) >= 3


def test_fit_train_and_the_model_share_weights(tmp_path: Path) -> None:
    estimator = both(adam(), adam(), 4, tmp_path)
    estimator.fit(SAME, epochs=3)
    model = estimator.model
    fitted = [row["logits"] for row in estimator.predict(lambda: PAIRS)]
    np.testing.assert_allclose(np.concatenate(fitted), model.predict(PAIRS, verbose=0), rtol=1e-5)
    estimator.train(SAME, steps=5)
    trained = [row["logits"] for row in both(adam(), adam(), 4, tmp_path).predict(lambda: PAIRS)]
    np.testing.assert_allclose(np.concatenate(trained), estimator.model.predict(PAIRS, verbose=0), rtol=1e-5)
    assert estimator.get_variable_value("global_step") == 8


def test_several_logits_and_other_heads(tmp_path: Path) -> None:
    classes = Batches(PAIRS, (PAIRS["a"] + PAIRS["b"] - 2).astype(np.int64), 32)
    estimator = LinearClassifier(PLAIN, tmp_path / "three", n_classes=3, optimizer=adam())
    estimator.fit(classes, epochs=40)
    assert estimator.evaluate(classes)["accuracy"] == 1.0
    assert estimator.model.output_shape == (None, 3)
    numbers = LinearRegressor(PLAIN, tmp_path / "number", optimizer=adam())
    numbers.fit(Batches(PAIRS, (2.0 * PAIRS["a"]).astype(np.float32), 32), epochs=150)
    assert [round(float(row["predictions"][0])) for row in numbers.predict(lambda: PAIRS)][:4] == [2, 2, 4, 4]


def test_features_are_read_by_name_and_others_are_ignored() -> None:
    estimator = LinearClassifier(PLAIN)
    estimator.fit(Batches({**PAIRS, "0": PAIRS["a"], "z": np.array(["text"] * 32)}, DIFFER, 32), epochs=1)
    with pytest.raises(InputError, match=r"must hold 'b', which the column 'b' reads. Received: a, c"):
        estimator.evaluate(lambda: ({"a": [1], "c": [1]}, [1.0]))


def test_validation_keeps_the_epoch_with_the_smallest_loss() -> None:
    estimator = LinearClassifier(CROSSED, optimizer=keras.optimizers.SGD(1.0))
    lines: list[dict[str, Any]] = []

    opposite = Batches(PAIRS, 1 - DIFFER, 32)
    done = estimator.fit(SAME, epochs=9, validation=opposite, patience=2, log=lambda **values: lines.append(values))
    assert (done.epochs, done.best_epoch) == (3, 1)
    found = estimator.evaluate(opposite)["average_loss"]
    assert found == pytest.approx(lines[0]["average_loss"]) == pytest.approx(done.best["average_loss"])


def test_no_records_are_refused() -> None:
    empty = Batches({name: values[:0] for name, values in PAIRS.items()}, DIFFER[:0], 32)
    with pytest.raises(InputError, match="at least one batch"):
        LinearClassifier(PLAIN).fit(empty, epochs=1)


def test_a_loss_that_is_not_finite_is_told() -> None:
    estimator = LinearClassifier([NumberColumn("n")], optimizer=keras.optimizers.SGD(1.0))
    batches = Batches({"n": np.array([1.0, math.inf], np.float32)}, np.array([1.0, 0.0], np.float32), 1)
    with pytest.raises(WorkError, match="step 2"):
        estimator.fit(batches, epochs=1)


def test_the_same_seed_gives_the_same_weights() -> None:
    made = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        estimator = both("Ftrl", "Adam", 8, dnn_dropout=0.3, dnn_embedding_dropout=0.3)
        estimator.fit(SAME, epochs=5)
        made.append(estimator.model.get_weights())
    for first, second in zip(*made, strict=True):
        np.testing.assert_array_equal(first, second)


def test_tensorflow_s_columns_are_fitted_too(tmp_path: Path) -> None:
    column = tf.feature_column
    ids = [column.categorical_column_with_identity(name, 3) for name in ("a", "b")]
    deep = [column.embedding_column(one, 4) for one in ids]
    estimator = DNNClassifier([8], deep, tmp_path, optimizer=adam())
    estimator.fit(SAME, epochs=60)
    assert estimator.evaluate(SAME)["accuracy"] == 1.0
    with pytest.raises(InputError, match=r"only where all columns are of gristmill\.features"):
        _ = estimator.model


def test_a_model_needs_columns_and_a_network_layers() -> None:
    with pytest.raises(InputError, match="at least one column"):
        LinearClassifier([])
    with pytest.raises(InputError, match="hidden_units must be given"):
        DNNClassifier([], PLAIN)
    with pytest.raises(InputError, match="feature columns must be given"):
        DNNLinearCombinedClassifier()
    with pytest.raises(InputError, match="dnn_hidden_units must be given"):
        DNNLinearCombinedClassifier(dnn_feature_columns=PLAIN)


def test_the_metrics_by_hand() -> None:
    metrics = binary_metrics([1, 0, 1, 0], [0.9, 0.6, 0.4, 0.1])
    assert metrics["auc"] == 0.75
    assert metrics["accuracy"] == 0.5
    assert metrics["logloss"] == pytest.approx(-(math.log(0.9) + math.log(0.4) + math.log(0.4) + math.log(0.9)) / 4)


def test_there_is_no_auc_of_one_class_and_no_infinite_log_loss() -> None:
    metrics = binary_metrics([1, 1], [0.0, 1.0])
    assert "auc" not in metrics
    assert metrics["logloss"] == pytest.approx(-math.log(1e-7) / 2, rel=1e-6)


def test_extreme_logits_have_probabilities() -> None:
    assert logistic([-1000.0, 0.0, 1000.0]).tolist() == [0.0, 0.5, 1.0]
