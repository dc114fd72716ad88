"""Estimators from compiled Keras models: the same steps as Keras', names of tf.estimator, and every kind of model."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export import build_raw_serving_input_receiver_fn
from gristmill.estimator.from_keras import from_keras
from gristmill.estimator.keras_copies import weight_names
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.train_and_evaluate import train_and_evaluate
from gristmill.estimator.train_specs import EvalSpec, TrainSpec

layers = keras.layers
X = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
Y = X.sum(axis=1, keepdims=True)
WEIGHTS = np.arange(6, dtype=np.float32)


def given(*batch: Any, count: int = 1) -> Any:
    return lambda: tf.data.Dataset.from_tensors(batch if len(batch) > 1 else batch[0]).repeat(count)


def sequential() -> keras.Model:
    keras.utils.set_random_seed(1)
    hidden = [layers.Dense(4, activation="relu"), layers.BatchNormalization(momentum=0.5)]
    model = keras.Sequential([keras.Input((3,)), *hidden, layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), "mse", metrics=["mae", keras.metrics.MeanSquaredError(name="squares")])
    return model


def two_outputs() -> keras.Model:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    both = layers.Concatenate()([a, b])
    model = keras.Model([a, b], [layers.Dense(1, name="one")(both), layers.Dense(3, name="two")(both)])
    model.compile("sgd", {"one": "mse", "two": "mae"}, metrics={"one": ["mae"], "two": ["mse", "mae"]})
    return model


class Own(keras.Model):
    """A model of a class of one's own, with a loss of its own."""

    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.width = width
        self.top = layers.Dense(width)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "width": self.width}

    def call(self, x: Any) -> Any:
        return self.top(x)

    def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return keras.ops.mean(keras.ops.abs(y - y_pred)) + 1.0


def squares(labels: Any, predictions: Any) -> Any:
    return keras.ops.square(labels - predictions)


def test_trains_evaluates_and_predicts_as_keras_does(tmp_path: Path) -> None:
    model = sequential()
    before = model.get_weights()
    made = from_keras(model, tmp_path).train(given(X, Y, count=5))
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    for _ in range(5):
        model.train_on_batch(X, Y)
    for name, weight in weight_names(model).items():
        np.testing.assert_allclose(made.get_variable_value(name), weight, atol=1e-3)
    found, expected = made.evaluate(given(X, Y)), model.evaluate(X, Y, return_dict=True, verbose=0)
    assert set(found) == {*expected, "global_step"}
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-3)
    assert found["mae"] == pytest.approx(expected["mae"], rel=1e-3)
    rows = [row[model.layers[-1].name] for row in made.predict(given(X))]
    np.testing.assert_allclose(rows, model.predict(X, verbose=0), atol=1e-3)


def test_a_checkpoint_of_step_0_has_the_models_weights(tmp_path: Path) -> None:
    model = sequential()
    made = from_keras(model, tmp_path)
    name = model.layers[-1].name
    np.testing.assert_allclose([row[name] for row in made.predict(given(X))], model.predict(X, verbose=0), rtol=1e-6)
    assert made.get_variable_value("global_step") == 0
    assert made.get_variable_names() == [
        "batch_normalization/beta",
        "batch_normalization/gamma",
        "batch_normalization/moving_mean",
        "batch_normalization/moving_variance",
        "dense/bias",
        "dense/kernel",
        "dense_1/bias",
        "dense_1/kernel",
        "global_step",
    ]


def test_the_same_model_built_again_goes_on(tmp_path: Path) -> None:
    for steps in (2, 4):
        made = from_keras(sequential(), tmp_path).train(given(X, Y, count=2))
        assert made.get_variable_value("global_step") == steps
    assert made.get_variable_value("training/Adam/iter") == 4
    assert "training/Adam/dense_1/kernel/m" in made.get_variable_names()


def test_names_that_the_user_gave_are_kept() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="hidden_2"), layers.Dense(1), layers.Dense(1)])
    names = {name.partition("/")[0] for name in weight_names(model)}
    assert names == {"hidden_2", "dense", "dense_1"}


def test_several_inputs_and_outputs_go_by_name(tmp_path: Path) -> None:
    model = two_outputs()
    features, labels = {"a": X, "b": X + 1, "unused": WEIGHTS}, {"one": Y, "two": X}
    made = from_keras(model, tmp_path)
    found, expected = (
        made.evaluate(given(features, labels)),
        model.evaluate([X, X + 1], [Y, X], return_dict=True, verbose=0),
    )
    assert set(found) == {"loss", "one_mae", "two_mse", "two_mae", "global_step"}
    assert {name: found[name] for name in found if name != "global_step"} == pytest.approx(
        {name: expected[name] for name in found if name != "global_step"}, rel=1e-5
    )
    made.train(given(features, labels))
    model.train_on_batch([X, X + 1], (Y, X))
    np.testing.assert_allclose(made.get_variable_value("two/kernel"), model.get_layer("two").kernel, rtol=1e-5)
    assert not any("loss" in name or "count" in name for name in made.get_variable_names())
    told = next(made.predict(given(features)))
    assert {name: value.shape for name, value in told.items()} == {"one": (1,), "two": (3,)}


def test_other_names_of_metrics(tmp_path: Path) -> None:
    batch = given({"a": X, "b": X}, (Y, X))
    names = {"one_mae": "x", "two_mse": "y", "two_mae": "z"}
    assert set(from_keras(two_outputs(), tmp_path, metric_names_map=names).evaluate(batch)) == {
        "x", "y", "z", "loss", "global_step",
    }  # fmt: skip
    with pytest.raises(ArgumentError, match="metric_names_map must name all metrics, one_mae, two_mse, two_mae"):
        from_keras(two_outputs(), tmp_path, metric_names_map={"one_mae": "x"}).evaluate(batch)


def test_sample_weights_weigh(tmp_path: Path) -> None:
    model = sequential()
    batch = given({"features": X, "sample_weights": WEIGHTS}, Y)
    expected = model.evaluate(X, Y, sample_weight=WEIGHTS, return_dict=True, verbose=0)
    assert from_keras(model, tmp_path).evaluate(batch)["loss"] == pytest.approx(expected["loss"], rel=1e-5)


@pytest.mark.parametrize("built", [False, True])
def test_a_class_of_ones_own_keeps_its_loss_and_weights(built: bool, tmp_path: Path) -> None:
    model = Own(1)
    model.compile("sgd", "mse")
    expected = np.mean(np.abs(Y - model(X))) + 1 if built else None
    made = from_keras(model, tmp_path)
    if not built:
        made.train(given(X, Y))
    found = made.evaluate(given(X, Y))
    assert found["loss"] == pytest.approx(expected, rel=1e-5) if built else found["loss"] > 1
    assert {"own/dense/bias", "own/dense/kernel"} <= set(made.get_variable_names())
    assert list(next(made.predict(given(X)))) == ["output_1"]


def test_what_layers_learned_before_comes_with_them(tmp_path: Path) -> None:
    scale, words = layers.Normalization(), layers.StringLookup(output_mode="one_hot")
    scale.adapt(X * 3 + 5)
    words.adapt(["a", "b"])
    x, word = keras.Input((3,), name="x"), keras.Input((1,), dtype="string", name="word")
    hidden = layers.Dropout(0.3, seed=1)(layers.Concatenate()([scale(x), words(word)]))
    model = keras.Model([x, word], layers.Dense(1, kernel_regularizer="l2", name="top")(hidden))
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    model.compile(keras.optimizers.SGD(rate), squares, metrics=[squares])
    features = {"x": X, "word": np.array([["a"], ["b"], ["c"], ["a"], ["b"], [""]])}
    made = from_keras(model, tmp_path)
    expected = model.predict([tf.constant(part) for part in features.values()], verbose=0)
    np.testing.assert_allclose([row["top"] for row in made.predict(given(features))], expected, rtol=1e-5)
    made.train(given(features, Y, count=2))
    receiver = build_raw_serving_input_receiver_fn({name: tf.constant(part) for name, part in features.items()})
    served = tf.saved_model.load(made.export_saved_model(tmp_path / "export", receiver).decode())
    told = served.signatures["serving_default"](**{name: tf.constant(part) for name, part in features.items()})
    np.testing.assert_allclose(told["top"], [row["top"] for row in made.predict(given(features))], rtol=1e-5)


def test_train_and_evaluate(tmp_path: Path) -> None:
    made = from_keras(sequential(), config=RunConfig(str(tmp_path), save_checkpoints_steps=10, tf_random_seed=1))
    specs = TrainSpec(given(X, Y, count=None), max_steps=20), EvalSpec(given(X, Y), throttle_secs=0)
    metrics, _ = train_and_evaluate(made, *specs)
    assert metrics["global_step"] == 20
    assert set(metrics) == {"loss", "mae", "squares", "global_step"}


def test_refuses_what_is_no_compiled_model(tmp_path: Path) -> None:
    x = keras.Input((3,), name="x")
    with pytest.raises(ArgumentError, match="keras_model must be compiled"):
        from_keras(keras.Model(x, layers.Dense(1)(x)), tmp_path)
    with pytest.raises(ArgumentError, match="checkpoint_format must be"):
        from_keras(sequential(), tmp_path, checkpoint_format="hdf5")


def test_refuses_a_class_that_cannot_be_made_again(tmp_path: Path) -> None:
    class Scaled(keras.Model):
        def __init__(self, width: int = 1) -> None:
            super().__init__()
            self.top = layers.Dense(width)

    model = Scaled(2)
    model.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match=r"a class with `get_config` and `from_config`.*takes width"):
        from_keras(model, tmp_path)


def test_refuses_batches_without_an_input_or_an_output(tmp_path: Path) -> None:
    made = from_keras(two_outputs(), tmp_path)
    with pytest.raises(ArgumentError, match=r"features must hold the model's inputs, a, b. Received: a"):
        made.train(given({"a": X}, (Y, X)))
    with pytest.raises(ArgumentError, match=r"labels must hold the model's outputs, one, two. Received: one"):
        made.train(given({"a": X, "b": X}, {"one": Y}))
