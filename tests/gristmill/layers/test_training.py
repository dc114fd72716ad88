"""The training mode: a bool, a tensor, or what a functional model is called with."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill import layers
from gristmill.errors import InputError

X = np.random.default_rng(0).normal(3, size=(32, 4)).astype("float32")


def normalized(inputs: Any, training: Any = False) -> Any:
    return layers.batch_normalization(inputs, training=training)


def test_fit_moves_the_statistics_and_predict_does_not() -> None:
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.dense(normalized(inputs), 1))
    model.compile("sgd", "mse")
    model.predict(X, verbose=0)
    mean = model.layers[1].moving_mean
    assert not mean.numpy().any()
    model.fit(X, X[:, :1], batch_size=32, epochs=1, verbose=0)
    np.testing.assert_allclose(mean, 0.01 * X.mean(axis=0), rtol=1e-4)


def test_a_functional_model_keeps_the_mode_it_was_built_with_where_none_is_given() -> None:
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.dropout(inputs, training=True))
    assert (model(X).numpy() == 0).any()
    assert not (model(X, training=False).numpy() == 0).any()


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("form", [bool, np.bool_, tf.constant, int])
def test_a_mode_that_is_known_may_come_in_any_form(form: Any, on: bool) -> None:
    assert (layers.dropout(X, training=form(on)).numpy() == 0).any() == on


@pytest.mark.parametrize("function", [layers.dropout, layers.batch_normalization])
def test_a_tensor_chooses_in_a_function(function: Any) -> None:
    net = layers.make_template("net", function)
    run = tf.function(lambda training: net(X, training=training))
    np.testing.assert_allclose(run(tf.constant(False)), net(X), rtol=1e-5)
    assert np.abs(run(tf.constant(True)) - net(X)).max() > 0.1


def test_a_tensor_moves_the_statistics_only_when_true() -> None:
    net = layers.make_template("net", normalized)
    run = tf.function(lambda training: net(X, training))
    run(tf.constant(False))
    mean = net.layers[0].moving_mean
    assert not mean.numpy().any()
    run(tf.constant(True))
    np.testing.assert_allclose(mean, 0.01 * X.mean(axis=0), rtol=1e-4)


@pytest.mark.parametrize("function", [layers.dropout, layers.batch_normalization])
def test_an_input_of_a_functional_model_chooses(function: Any, tmp_path: Path) -> None:
    inputs, training = keras.Input((4,)), keras.Input(batch_shape=(), dtype="bool")
    model = keras.Model([inputs, training], function(inputs, training=training))
    model.save(tmp_path / "model.keras")
    for each in (model, keras.saving.load_model(tmp_path / "model.keras")):
        on, off = (each([tf.constant(X), tf.constant(value)]).numpy() for value in (True, False))
        assert np.abs(on - off).max() > 0.1
    if function is layers.batch_normalization:
        np.testing.assert_allclose(model.weights[2], 0.01 * X.mean(axis=0), rtol=1e-4)


def test_a_mode_with_an_axis_is_refused() -> None:
    with pytest.raises(InputError, match=r"`training` must be a bool or a scalar tensor.*shape \(None,\)"):
        layers.dropout(keras.Input((4,)), training=keras.Input((), dtype="bool"))


def test_a_layer_made_with_a_bool_is_not_switched_later() -> None:
    inputs, training = keras.Input((4,)), keras.Input(batch_shape=(), dtype="bool")
    layers.batch_normalization(inputs, name="bn")
    with pytest.raises(InputError, match="`training` of layer 'bn' must be a tensor from its first call on"):
        layers.batch_normalization(inputs, name="bn", reuse=True, training=training)


def test_a_layer_made_with_a_tensor_takes_a_bool_later() -> None:
    inputs, training = keras.Input((4,)), keras.Input(batch_shape=(), dtype="bool")
    layers.batch_normalization(inputs, name="bn", training=training)
    assert layers.batch_normalization(X, name="bn", reuse=True, training=True).numpy().mean() == pytest.approx(
        0, abs=1e-5
    )
