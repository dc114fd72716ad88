"""Every layer function: eager equals functional, compiled, saved, exported and with the same weights once more."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill import layers
from gristmill.layers import Template, make_template

LINE, PLANE, SPACE = (12, 3), (8, 8, 3), (6, 6, 6, 2)
MEMBERS: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "dense": (lambda x: layers.dense(x, 4, activation="relu"), (5,)),
    "dropout": (lambda x: layers.dropout(x, 0.3), (5,)),
    "flatten": (layers.flatten, PLANE),
    "conv1d": (lambda x: layers.conv1d(x, 4, 3, activation=tf.nn.relu), LINE),
    "conv2d": (lambda x: layers.conv2d(x, 4, [3, 3], strides=2, padding="SAME"), PLANE),
    "conv3d": (lambda x: layers.conv3d(x, 4, 3, use_bias=False), SPACE),
    "separable_conv1d": (lambda x: layers.separable_conv1d(x, 4, 3), LINE),
    "separable_conv2d": (lambda x: layers.separable_conv2d(x, 4, (3, 3), depth_multiplier=2), PLANE),
    "conv2d_transpose": (lambda x: layers.conv2d_transpose(x, 4, 3, strides=(2, 2)), PLANE),
    "conv3d_transpose": (lambda x: layers.conv3d_transpose(x, 4, 2), SPACE),
    "average_pooling1d": (lambda x: layers.average_pooling1d(x, 2, 2), LINE),
    "average_pooling2d": (lambda x: layers.average_pooling2d(x, 2, 2, padding="same"), PLANE),
    "average_pooling3d": (lambda x: layers.average_pooling3d(x, 2, 1), SPACE),
    "max_pooling1d": (lambda x: layers.max_pooling1d(x, 2, 2), LINE),
    "max_pooling2d": (lambda x: layers.max_pooling2d(x, (2, 2), (1, 2)), PLANE),
    "max_pooling3d": (lambda x: layers.max_pooling3d(x, 2, 2), SPACE),
    "batch_normalization": (layers.batch_normalization, PLANE),
}
Built = tuple[Template, keras.Model, np.ndarray]


@pytest.fixture(params=MEMBERS)
def built(request: pytest.FixtureRequest) -> Built:
    """A template of one layer, its functional model, and inputs; every weight drawn, zeros and ones too."""
    call, shape = MEMBERS[request.param]
    template = make_template("net", call)
    inputs = keras.Input(shape)
    model = keras.Model(inputs, template(inputs))
    random = np.random.default_rng(1)
    for weight in model.trainable_variables:
        weight.assign(random.normal(size=weight.shape))
    return template, model, random.normal(size=(2, *shape)).astype("float32")


def test_every_function_is_a_member() -> None:
    functions = {name for name in layers.__all__ if inspect.isfunction(getattr(layers, name))}
    taking = {name for name in functions if "inputs" in inspect.signature(getattr(layers, name)).parameters}
    assert taking == set(MEMBERS)


def test_eager_equals_functional(built: Built) -> None:
    template, model, inputs = built
    np.testing.assert_array_equal(template(inputs), model(inputs))
    np.testing.assert_array_equal(template(tf.constant(inputs)), model(inputs))
    assert template.variables == model.variables


def test_compiled_equals_eager(built: Built) -> None:
    template, _, inputs = built
    np.testing.assert_allclose(tf.function(template)(inputs), template(inputs), rtol=1e-5, atol=1e-6)


def test_a_functional_model_knows_the_outputs_shape(built: Built) -> None:
    template, model, inputs = built
    assert model.output_shape[1:] == tuple(template(inputs).shape[1:])


def test_a_saved_model_computes_the_same(built: Built, tmp_path: Path) -> None:
    _, model, inputs = built
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(inputs), model(inputs))
    assert [weight.path for weight in loaded.weights] == [weight.path for weight in model.weights]


def test_an_exported_model_computes_the_same(built: Built, tmp_path: Path) -> None:
    _, model, inputs = built
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    np.testing.assert_allclose(loaded.serve(inputs), model(inputs), rtol=1e-5, atol=1e-6)


def test_its_layer_is_named_by_scope_and_function(built: Built, request: pytest.FixtureRequest) -> None:
    template, model, _ = built
    function = request.node.callspec.params["built"]
    assert [layer.name for layer in template.layers] == [f"net.{function}"]
    assert all(variable.path.startswith(f"net.{function}/") for variable in model.trainable_variables)
