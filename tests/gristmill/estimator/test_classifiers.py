"""The canned classifiers, on XOR: a linear model cannot, a cross or a network can."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill.data.batches import Batches
from gristmill.errors import InputError, WorkError
from gristmill.estimator import DNNClassifier, DNNLinearCombinedClassifier, LinearClassifier, binary_metrics, logistic
from gristmill.features import BucketColumn, CategoryColumn, Column, CrossColumn, NumberColumn

A, B = CategoryColumn("a", 3, width=4), CategoryColumn("b", 3, width=4)
PLAIN: list[Column] = [A, B]
CROSSED: list[Column] = [A, B, CrossColumn(A, B)]
PAIRS = {"a": np.array([1, 1, 2, 2] * 8, np.int32), "b": np.array([1, 2, 1, 2] * 8, np.int32)}
DIFFER = (PAIRS["a"] != PAIRS["b"]).astype(np.float32)


def pairs() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((PAIRS, DIFFER)).batch(32)


@pytest.fixture(autouse=True)
def _seed() -> None:
    keras.utils.set_random_seed(1)


def adam() -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(0.1)


@pytest.mark.parametrize(
    ("make", "accuracy"),
    [
        (lambda: LinearClassifier(PLAIN, adam()), 0.5),
        (lambda: LinearClassifier(CROSSED, adam()), 1.0),
        (lambda: DNNClassifier([8], PLAIN, adam()), 1.0),
        (lambda: DNNLinearCombinedClassifier(PLAIN, adam(), PLAIN, adam(), [8]), 1.0),
    ],
    ids=["linear", "linear with a cross", "deep", "wide and deep"],
)
def test_xor_needs_a_cross_or_depth(make: Callable[[], Any], accuracy: float) -> None:
    estimator = make()
    estimator.train(pairs, epochs=60)
    metrics = estimator.evaluate(pairs)
    assert metrics["accuracy"] == accuracy
    assert (metrics["logloss"] < 0.1) == (accuracy == 1.0)


def test_both_halves_may_read_the_same_columns() -> None:
    number = NumberColumn("n", 1.0, 2.0)
    words = CategoryColumn("w", vocabulary=("x", "y"))
    columns: list[Column] = [words, CrossColumn(words, A), A, number, BucketColumn(number, (0.0,))]
    estimator = DNNLinearCombinedClassifier(columns, "ftrl", columns, "adam", [4])
    features = {"w": tf.constant(["x", "z"]), "a": tf.constant([1, 2]), "n": tf.constant([0.5, math.nan])}
    assert len(list(estimator.predict(lambda: tf.data.Dataset.from_tensors(features)))) == 2
    assert len([layer for layer in estimator.model.layers if isinstance(layer, keras.layers.StringLookup)]) == 1


def test_each_optimizer_trains_its_own_half_only() -> None:
    still = keras.optimizers.SGD(0.0)
    for linear, deep, moves in [(still, adam(), "deep"), (adam(), keras.optimizers.SGD(0.0), "linear")]:
        estimator = DNNLinearCombinedClassifier(CROSSED, linear, PLAIN, deep, [4])
        before = {variable.path: variable.numpy() for variable in estimator.model.trainable_variables}
        estimator.train(pairs, epochs=3)
        moved = {
            path.split("/")[0]
            for path, value in before.items()
            if not np.array_equal(value, next(v for v in estimator.model.variables if v.path == path).numpy())
        }
        halves = {
            "linear": {"wide_a", "wide_b", "wide_a_x_b", "linear_bias"},
            "deep": {"deep_a", "deep_b", "hidden_0", "deep_logit"},
        }
        assert moved <= halves[moves]
        assert len(moved) >= 3


def test_the_optimizer_of_a_network_alone_trains_its_bias_too() -> None:
    estimator = DNNClassifier([4], PLAIN, keras.optimizers.SGD(0.1))
    estimator.train(lambda: tf.data.Dataset.from_tensors((PAIRS, np.ones(32, np.float32))))
    bias = estimator.model.get_layer("linear_bias").bias
    assert float(bias.numpy()[0]) == pytest.approx(0.1 * 0.5, abs=0.01)


def test_an_untrained_linear_model_knows_nothing() -> None:
    metrics = LinearClassifier(PLAIN).evaluate(pairs)
    assert metrics == {"auc": 0.5, "logloss": pytest.approx(math.log(2)), "accuracy": 0.5}


def test_predict_gives_the_keys_of_tf_estimator_for_each_record() -> None:
    estimator = LinearClassifier([A])
    estimator.model.get_layer("wide_a").table.assign([[0.0], [math.log(3)], [-math.log(3)]])
    rows = list(estimator.predict(lambda: tf.data.Dataset.from_tensors({"a": [1, 2, 0]})))
    assert [row["class_ids"].tolist() for row in rows] == [[1], [0], [0]]
    assert [row["logistic"].tolist() for row in rows] == [[0.75], [0.25], [0.5]]
    np.testing.assert_allclose([row["probabilities"] for row in rows], [[0.25, 0.75], [0.75, 0.25], [0.5, 0.5]])
    np.testing.assert_allclose([row["logits"] for row in rows], [[math.log(3)], [-math.log(3)], [0]], rtol=1e-6)


def test_predict_leaves_labels_unread() -> None:
    assert len(list(LinearClassifier(PLAIN).predict(pairs))) == 32


def test_features_are_read_by_name_and_others_are_ignored() -> None:
    estimator = LinearClassifier([A, B])
    estimator.model.get_layer("wide_a").table.assign([[0.0], [1.0], [2.0]])
    features = {"0": [7], "b": [2], "a": [1], "z": ["text"]}
    (row,) = estimator.predict(lambda: tf.data.Dataset.from_tensors(features))
    assert row["logits"].tolist() == [1.0]


def test_a_feature_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"must hold b. Received: a, c"):
        LinearClassifier(PLAIN).evaluate(lambda: tf.data.Dataset.from_tensors(({"a": [1], "c": [1]}, [1.0])))


def test_validation_keeps_the_epoch_with_the_smallest_log_loss() -> None:
    estimator = LinearClassifier(CROSSED, keras.optimizers.SGD(1.0))
    lines: list[dict[str, Any]] = []

    same, opposite = Batches(PAIRS, DIFFER, 32), Batches(PAIRS, 1 - DIFFER, 32)
    done = estimator.fit(same, epochs=9, validation=opposite, patience=2, log=lambda **values: lines.append(values))
    assert (done.epochs, done.best_epoch) == (3, 1)
    assert estimator.evaluate(opposite)["logloss"] == pytest.approx(lines[0]["logloss"]) == done.best["logloss"]


def test_steps_cut_an_epoch() -> None:
    endless = LinearClassifier(PLAIN).train(lambda: pairs().repeat(), steps=5, epochs=2)
    assert (endless.steps, endless.epochs) == (10, 2)


def test_records_without_end_need_steps() -> None:
    with pytest.raises(InputError, match="`steps` must be given"):
        LinearClassifier(PLAIN).train(lambda: pairs().repeat())


def test_a_generator_of_unknown_length_trains() -> None:
    def records() -> Iterator[Any]:
        yield {"a": [1], "b": [2]}, [1.0]
        yield {"a": [1], "b": [1]}, [0.0]

    kinds = {name: tf.TensorSpec((None,), tf.int32) for name in ("a", "b")}
    signature = (kinds, tf.TensorSpec((None,), tf.float32))
    done = LinearClassifier(PLAIN).train(lambda: tf.data.Dataset.from_generator(records, output_signature=signature))
    assert done.steps == 2


def test_no_records_are_refused() -> None:
    for action in ("train", "evaluate"):
        with pytest.raises(InputError, match="at least one batch"):
            getattr(LinearClassifier(PLAIN), action)(lambda: pairs().take(0))


def test_a_loss_that_is_not_finite_is_told() -> None:
    estimator = LinearClassifier([NumberColumn("n")], keras.optimizers.SGD(1.0))
    with pytest.raises(WorkError, match="step 2"):
        data = tf.data.Dataset.from_tensor_slices(({"n": [1.0, math.inf]}, [1.0, 0.0])).batch(1)
        estimator.train(lambda: data)


def test_training_goes_on_where_it_stopped() -> None:
    at_once, twice = (LinearClassifier(CROSSED, keras.optimizers.Adam(0.01)) for _ in range(2))
    at_once.train(pairs, epochs=4)
    twice.train(pairs, epochs=2)
    twice.train(pairs, epochs=2)
    for first, second in zip(at_once.model.get_weights(), twice.model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_same_seed_gives_the_same_weights() -> None:
    made = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        estimator = DNNLinearCombinedClassifier(PLAIN, "ftrl", PLAIN, "adam", [8], 0.3, 0.3)
        estimator.train(pairs, epochs=5)
        made.append(estimator.model.get_weights())
    for first, second in zip(*made, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_model_needs_columns_and_a_network_layers() -> None:
    with pytest.raises(InputError, match="at least one column"):
        LinearClassifier([])
    with pytest.raises(InputError, match="at least one hidden layer"):
        DNNClassifier([], PLAIN)


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
