"""Facts about weights in 8 bits: rounding moves none by more than half a step, and what is rounded is stored exactly."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gristmill.lite import LiteModel, Signature, convert_all, export_saved_model, read_bundle, round_to_int8
from gristmill.lite.flatbuffer import File

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


@pytest.fixture(scope="module")
def multiplied(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Products of rows, of blocks and of as many rows as come, with and without bias and activation; and their files."""
    import keras

    keras.utils.set_random_seed(1)
    first, second = (
        keras.layers.Dense(256, activation="relu", bias_initializer="normal"),
        keras.layers.Dense(160, use_bias=False),
    )
    model = keras.Sequential([first, second])
    model.build((1, 160))
    for layer in model.layers:
        layer.kernel.assign(round_to_int8(layer.kernel))

    def run(rows: Any, block: Any, count: Any) -> dict[str, Any]:
        some = rows[: count[0]]
        return {
            "rows": second(first(rows)),
            "block": second(first(block)),
            "some": second(first(some)),
            "again": first(some) + first(some - 1),
        }

    inputs = {"rows": ((7, 160), "float32"), "block": ((2, 3, 160), "float32"), "count": ((1,), "int32")}
    folder: Path = tmp_path_factory.mktemp("products")
    export_saved_model(model, [Signature("run", run, inputs)], folder / "saved")
    return run, convert_all(folder / "saved", folder, "m", ["int8_weights", "dynamic"])


def test_scales_take_less_room_than_they_save(tmp_path: Path) -> None:
    """A table with one number a row has one scale, not one a row."""
    import keras
    import tensorflow as tf

    table = keras.layers.Embedding(9000, 1, embeddings_initializer="normal")
    table.build()

    def run(words: Any) -> dict[str, Any]:
        return {"numbers": tf.squeeze(table(words), -1)}

    export_saved_model(table, [Signature("run", run, {"words": ((1, 5), "int32")})], tmp_path / "saved")
    files = convert_all(tmp_path / "saved", tmp_path, "m", ["f32", "int8_weights"])
    assert files["int8_weights"].stat().st_size < 0.4 * files["f32"].stat().st_size
    words = np.array([[0, 1, 17, 8998, 8999]], np.int32)
    found = LiteModel(files["int8_weights"])("run", words=words)["numbers"]
    assert error(found, run(words)["numbers"]) < 0.02


def error(found: Any, wanted: Any) -> float:
    """The largest, of the largest number."""
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def test_products_are_what_floats_give_where_activations_in_8_bits_are_not(multiplied: Any) -> None:
    run, files = multiplied
    given = {
        "rows": random.normal(size=(7, 160)).astype(np.float32),
        "block": random.normal(size=(2, 3, 160)).astype(np.float32) + 1,
        "count": np.array([4], np.int32),
    }
    wanted = run(**given)
    fine, coarse = (LiteModel(files[name])("run", **given) for name in ("int8_weights", "dynamic"))
    for name in wanted:
        assert error(fine[name], wanted[name]) < 5e-5
        assert error(coarse[name], wanted[name]) > 1e-3


@pytest.mark.parametrize("row", ["equal", "zero", "negative", "outlier", "tiny", "huge"])
def test_no_row_is_too_odd_to_multiply(multiplied: Any, row: str) -> None:
    run, files = multiplied
    plain = random.normal(size=160).astype(np.float32)
    odd = {
        "equal": np.full(160, 0.7),
        "zero": np.zeros(160),
        "negative": -np.abs(plain) - 1,
        "outlier": np.where(np.arange(160) == 3, 1e4, plain),
        "tiny": plain * 1e-12,
        "huge": plain * 1e12,
    }[row]
    rows = np.stack([odd, *[plain] * 6]).astype(np.float32)
    given = {"rows": rows, "block": np.ones((2, 3, 160), np.float32), "count": np.array([1], np.int32)}
    wanted, found = run(**given)["again"], LiteModel(files["int8_weights"])("run", **given)["again"]
    assert np.isfinite(found).all()
    assert error(found, wanted) < 5e-5


def test_runtimes_without_fast_kernels_multiply_to_the_same(multiplied: Any) -> None:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    run, files = multiplied
    plain = Interpreter(
        str(files["int8_weights"]), experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    rows, block = random.normal(size=(7, 160)).astype(np.float32), np.ones((2, 3, 160), np.float32)
    given = {"rows": rows, "block": block, "count": np.array([4], np.int32)}
    found = plain.get_signature_runner("run")(**given)
    for name, wanted in run(**given).items():
        assert error(found[name], wanted) < 5e-5


def test_large_products_read_weights_in_8_bits(multiplied: Any) -> None:
    file = File(read_bundle(multiplied[1]["int8_weights"]).model)
    read = [
        graph.tensors[operation.inputs[1]].type
        for graph in file.graphs
        for operation in graph.operations
        if file.kind(operation) == file.schema.BuiltinOperator.FULLY_CONNECTED
    ]
    assert len(read) >= 6
    assert set(read) == {file.schema.TensorType.INT8}
