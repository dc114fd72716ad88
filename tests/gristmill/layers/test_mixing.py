"""With Keras: its layers before and after ours, its classes, models that are trained, saved and loaded."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill import layers

X = np.random.default_rng(0).normal(size=(8, 6, 6, 2)).astype("float32")


def classifier(inputs: Any) -> Any:
    with layers.scope("trunk"):
        hidden = layers.conv2d(
            inputs, 4, 3, activation=tf.nn.swish, kernel_initializer=tf.random_normal_initializer(0, 0.1)
        )
        hidden = keras.layers.LayerNormalization(name="norm")(hidden)
        hidden = layers.max_pooling2d(hidden, 2, 2)
    return keras.layers.Softmax(name="softmax")(layers.dense(layers.flatten(hidden), 3, name="logits"))


def test_keras_layers_stand_before_after_and_between() -> None:
    inputs = keras.Input((6, 6, 2))
    model = keras.Model(inputs, classifier(keras.layers.Rescaling(2.0, name="scale")(inputs)))
    assert [layer.name for layer in model.layers[1:]] == [
        "scale", "trunk.conv2d", "norm", "trunk.max_pooling2d", "flatten", "logits", "softmax",
    ]  # fmt: skip
    assert [variable.path for variable in model.variables] == [
        "trunk.conv2d/kernel", "trunk.conv2d/bias", "norm/gamma", "norm/beta", "logits/kernel", "logits/bias",
    ]  # fmt: skip


def test_a_model_trains_saves_and_loads_with_functions_of_tensorflow(tmp_path: Path) -> None:
    inputs = keras.Input((6, 6, 2))
    model = keras.Model(inputs, classifier(inputs))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    labels = np.arange(8) % 3
    losses = model.fit(X, labels, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    np.testing.assert_allclose(keras.saving.load_model(tmp_path / "model.keras")(X), model(X), rtol=1e-5)


def test_a_model_holds_its_layers_when_their_store_is_gone() -> None:
    inputs = keras.Input((6, 6, 2))
    with layers.Store():
        model = keras.Model(inputs, classifier(inputs))
    with layers.Store():
        again = keras.Model(inputs, classifier(inputs))
    assert model(X).shape == again(X).shape == (8, 3)
    assert [variable.path for variable in model.variables] == [variable.path for variable in again.variables]
    assert not set(map(id, model.variables)) & set(map(id, again.variables))


def test_a_keras_model_can_be_one_step_of_a_template() -> None:
    core = keras.Sequential([keras.layers.Dense(4)])
    net = layers.make_template("net", lambda inputs: layers.dense(core(layers.flatten(inputs)), 1))
    np.testing.assert_array_equal(net(X), net(X))
    assert [layer.name for layer in net.layers] == ["net.flatten", "net.dense"]


def test_a_template_can_be_one_step_of_a_keras_layer() -> None:
    class Block(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.net = layers.make_template("net", lambda inputs: layers.dense(layers.flatten(inputs), 2))

        def call(self, inputs: Any) -> Any:
            return self.net(inputs)

    block = Block()
    np.testing.assert_array_equal(block(X), block(X))
    assert len(block.net.trainable_variables) == 2


@pytest.mark.parametrize("name", [name for name in layers.__all__ if hasattr(keras.layers, name)])
def test_the_classes_are_those_of_keras(name: str) -> None:
    assert getattr(layers, name) is getattr(keras.layers, name)
