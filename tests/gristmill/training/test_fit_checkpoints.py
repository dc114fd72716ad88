"""Keras' own `fit` with our batches and checkpoints: stopped after an epoch, it ends with the same weights."""

from pathlib import Path

import keras
import numpy as np
import pytest

from gristmill.data.batches import Batches
from gristmill.errors import InputError
from gristmill.training import Checkpoints, FitCheckpoints, inputs_only

X = np.random.default_rng(0).normal(size=(32, 3)).astype(np.float32)
DATA = Batches({"a": X[:, 1:], "b": X[:, :1], "other": X}, (X @ [1.0, -2.0, 0.5]).astype(np.float32), 8, seed=4)


def network(width: int = 8) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = {"b": keras.Input((1,), name="b"), "a": keras.Input((2,), name="a")}
    hidden = keras.layers.Dense(width, "relu")(keras.layers.Concatenate()([inputs["b"], inputs["a"]]))
    hidden = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization()(hidden))
    model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    model.compile(keras.optimizers.Adam(0.05), "mse", metrics=["mae"])
    return model


def trained(model: keras.Model, folder: Path, epochs: int) -> FitCheckpoints:
    saved = FitCheckpoints(model, Checkpoints(folder, keep=2))
    for epoch in range(saved.epoch, epochs):
        batches = inputs_only(model, DATA(epoch))
        model.fit(batches, initial_epoch=epoch, epochs=epoch + 1, shuffle=False, callbacks=[saved], verbose=0)
    return saved


def test_a_stopped_fit_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole, again = network(), network()
    assert trained(whole, tmp_path / "whole", 4).epoch == 4
    trained(network(), tmp_path / "stopped", 2)
    trained(again, tmp_path / "stopped", 4)
    assert Checkpoints(tmp_path / "stopped").steps() == [12, 16]
    for one, other in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert FitCheckpoints(network(), Checkpoints(tmp_path / "stopped")).epoch == 4


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    trained(network(), tmp_path, 1)
    with pytest.raises(InputError, match="must have the shape"):
        FitCheckpoints(network(width=4), Checkpoints(tmp_path))
    with pytest.raises(InputError, match="must be built and compiled"):
        FitCheckpoints(keras.Sequential([keras.layers.Dense(1)]), Checkpoints(tmp_path))
