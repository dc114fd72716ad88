"""A Keras model is exported by its own inputs; lookups stay outside, and 16 bits become 32."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill.errors import InputError
from gristmill.lite import LiteModel, convert_keras, keras_entry, save_float32


def shop(structure: type = list) -> keras.Model:
    """Text, a whole number and a number in; two outputs."""
    keras.utils.set_random_seed(1)
    user, age = keras.Input((), name="user", dtype="string"), keras.Input((1,), name="age")
    code = keras.Input((), name="zip", dtype="int64")
    parts = [
        keras.layers.Embedding(4, 3)(keras.layers.StringLookup(vocabulary=["ann", "bob", "line\nfeed"])(user)),
        keras.layers.Embedding(3, 2)(keras.layers.IntegerLookup(vocabulary=[10, 20])(code)),
        age,
    ]
    hidden = keras.layers.Concatenate()(parts)
    outputs = {"likes": keras.layers.Dense(1)(hidden), "kind": keras.layers.Dense(2, "softmax")(hidden)}
    inputs = {"user": user, "age": age, "zip": code}
    return keras.Model(inputs if structure is dict else list(inputs.values()), outputs)


def record(user: str) -> dict[str, Any]:
    return {"user": tf.constant([user]), "age": tf.constant([[0.5]]), "zip": tf.constant([20], tf.int64)}


@pytest.mark.parametrize("structure", [list, dict])
def test_the_lite_file_gives_what_the_model_gives(structure: type, tmp_path: Path) -> None:
    model = shop(structure)
    files = convert_keras(model, tmp_path, "shop", "f32")
    lite, entry = LiteModel(files["f32"]), keras_entry(model)
    assert lite.assets["user.txt"] == b"[UNK]\nann\nbob\nline feed\n"
    assert lite.assets["zip.txt"] == b"-1\n10\n20\n"
    assert lite.signatures["predict"].inputs == {
        "age": ((1, 1), "float32"),
        "user": ((1,), "int64"),
        "zip": ((1,), "int64"),
    }
    for user in ("bob", "nobody"):
        features = record(user)
        found = lite("predict", **entry.request(features))
        wanted = model(features if structure is dict else list(features.values()))
        for name in ("likes", "kind"):
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5, atol=1e-6)


def test_a_sequential_model_has_one_output(tmp_path: Path) -> None:
    layers = [keras.Input((), name="word", dtype="string"), keras.layers.StringLookup(vocabulary=["a", "b"])]
    keras.Sequential([*layers, keras.layers.Embedding(3, 2), keras.layers.Dense(1)]).save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    entry = keras_entry(model)
    found = entry.signature.function(word=tf.constant([2], tf.int64))
    np.testing.assert_allclose(found["output"], model(tf.constant(["b"])), rtol=1e-6)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([keras.layers.Dense(1)], "must have inputs made by keras.Input"),
        ([keras.Input((None, 2), name="x"), keras.layers.Dense(1)], r"`x` must have a fixed shape .*None, 2"),
        (
            [keras.Input((), name="x", dtype="string"), keras.layers.StringLookup(vocabulary=["a"], num_oov_indices=2)],
            "`x` is text, which only one StringLookup",
        ),
        (
            [keras.Input((2,), name="x"), keras.layers.Dense(1, dtype="mixed_float16", name="half")],
            "must compute in float32 .* Received: half in 16 bits",
        ),
    ],
)
def test_what_cannot_be_exported_is_named(layers: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        keras_entry(keras.Sequential(layers))


ROWS = np.random.default_rng(0).normal(size=(16, 4)).astype(np.float32)


def mixed(policy: str, optimizer: keras.optimizers.Optimizer) -> keras.Model:
    """A model that was trained for a step under a policy."""
    keras.utils.set_random_seed(2)
    keras.config.set_dtype_policy(policy)
    try:
        inputs = keras.Input((4,), name="x")
        nested = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.5)])
        model = keras.Model(inputs, keras.layers.Dense(1)(nested(inputs)))
        model.compile(optimizer, "mse", metrics=["mae"])
    finally:
        keras.config.set_dtype_policy("float32")
    model.fit(ROWS, ROWS[:, 0], verbose=0)
    return model


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("scaled", [False, True])
def test_a_mixed_model_is_saved_in_float32_with_the_same_weights(policy: str, scaled: bool, tmp_path: Path) -> None:
    adam = keras.optimizers.Adam()
    model = mixed(policy, keras.optimizers.LossScaleOptimizer(adam) if scaled else adam)
    optimizer = model.optimizer
    assert save_float32(model, tmp_path / "model.keras")
    assert model.optimizer is optimizer
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, keras.optimizers.LossScaleOptimizer if scaled else keras.optimizers.Adam)
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(loaded(ROWS), tf.cast(model(ROWS), tf.float32), atol=0.02)
    assert loaded(ROWS).dtype == tf.float32
    assert not save_float32(loaded, tmp_path / "again.keras")
    assert keras_entry(loaded).model is loaded
