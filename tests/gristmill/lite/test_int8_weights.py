"""Facts about weights in 8 bits: rounding moves none by more than half a step, and what is rounded is stored exactly."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gristmill.lite import DRAFT, LiteModel, Signature, convert_all, export_saved_model, round_to_int8

random = np.random.default_rng(2)


@pytest.mark.parametrize(("axis", "others"), [(-1, 0), (0, 1)])
def test_rounding_is_by_half_a_step_at_most_for_each_channel(axis: int, others: int) -> None:
    weights = random.normal(size=(40, 30)) * np.exp(random.normal(size=(40, 30)).mean(others, keepdims=True) * 9)

    rounded = round_to_int8(weights, axis)

    step = np.abs(weights).max(others, keepdims=True) / 127
    assert (np.abs(rounded - weights) <= step * 0.501).all()
    assert np.abs(rounded / step - np.rint(rounded / step)).max() < 1e-4
    assert np.abs(rounded - weights).max() > 0


def test_what_is_rounded_stays_as_it_is_when_it_is_rounded_again() -> None:
    once = round_to_int8(random.normal(size=(40, 30)))
    np.testing.assert_allclose(round_to_int8(once), once, rtol=1e-6)


def test_a_channel_of_zeros_stays_zero() -> None:
    weights = np.stack([np.zeros(5), np.arange(5.0)], 1)
    np.testing.assert_allclose(round_to_int8(weights), weights, atol=4 / 254)
    assert not round_to_int8(weights)[:, 0].any()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A table that is read and multiplied with, in a loop; its float answers and its files."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    table = keras.layers.Embedding(60, 32, embeddings_initializer="normal")
    dense = keras.layers.Dense(32, activation="relu")
    model = keras.Sequential([table, dense])
    model.build((1, 5))
    dense.kernel.assign(round_to_int8(dense.kernel))
    table.embeddings.assign(round_to_int8(table.embeddings, axis=0))

    def run(words: Any) -> dict[str, Any]:
        states = tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, dense(s)), (0, table(words)[0]))[1]
        return {"scores": tf.matmul(states, tf.convert_to_tensor(table.embeddings), transpose_b=True)}

    folder: Path = tmp_path_factory.mktemp("int8")
    export_saved_model(model, [Signature("run", run, {"words": ((1, 5), "int32")})], folder / "saved")
    files = convert_all(folder / "saved", folder, "m", ["f32", "int8_weights"])
    return run, files


def test_rounded_weights_give_the_float_models_answers_from_a_smaller_file(made: Any) -> None:
    run, files = made
    models = {name: LiteModel(path) for name, path in files.items()}
    for _ in range(3):
        words = random.integers(0, 60, (1, 5), np.int32)
        expected = run(words)["scores"].numpy()
        for model in models.values():
            np.testing.assert_allclose(model("run", words=words)["scores"], expected, rtol=1e-4, atol=1e-5)
        assert np.abs(expected).max() > 1e-3
    assert files["int8_weights"].stat().st_size < 0.6 * files["f32"].stat().st_size


@pytest.mark.parametrize("drafted", [False, True])
def test_only_loops_that_draft_multiply_in_8_bits(tmp_path: Path, drafted: bool) -> None:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    dense = keras.layers.Dense(64, use_bias=False)
    dense.build((1, 64))
    dense.kernel.assign(round_to_int8(dense.kernel))

    def run(states: Any, name: str = "plain") -> dict[str, Any]:
        looped = tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, dense(s)), (0, states), name=name)[1]
        return {"looped": looped, "once": dense(states)}

    signature = Signature("run", run, {"states": ((1, 64), "float32")}, partial(run, name=DRAFT))
    saved = export_saved_model(dense, [signature], tmp_path / "saved", drafted=drafted)
    model = LiteModel(convert_all(saved, tmp_path, "m", ["int8_weights"])["int8_weights"])
    states = random.normal(size=(1, 64)).astype(np.float32)
    wanted = run(states)

    found = model("run", states=states)

    np.testing.assert_allclose(found["once"], wanted["once"], rtol=1e-4, atol=1e-5)
    error = np.abs(found["looped"] - wanted["looped"]).max() / np.abs(wanted["looped"]).max()
    assert (1e-3 < error < 0.1) if drafted else error < 1e-5
