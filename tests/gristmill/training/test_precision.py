"""A whole model at each precision: what it learns is close to float32's, and a stop changes nothing in float16."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from gristmill.data.batches import Batches
from gristmill.training import Checkpoints, evaluate, fit
from gristmill.workflow.precision import PRECISIONS, set_precision

X = np.random.default_rng(0).normal(size=(256, 4)).astype(np.float32)
Y = (np.tanh(X @ [1.0, -2.0, 0.5, 0.0]) + 0.5 * X[:, 0]).astype(np.float32)
DATA = Batches({"x": X}, Y, 32, seed=3)


@pytest.fixture(autouse=True)
def _float32() -> Iterator[None]:
    yield
    assert keras.config.dtype_policy().name == "float32"


def network() -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((4,), name="x")
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(16, "relu")(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Dropout(0.1)(hidden)))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return model


def losses(precision: str, **options: Any) -> tuple[keras.Model, list[float]]:
    found: list[float] = []
    with set_precision(precision):
        model = network()
        fit(model, DATA, epochs=6, log=lambda **values: found.append(values["loss"]), **options)
    return model, found


@cache
def in_float32() -> tuple[keras.Model, list[float]]:
    return losses("float32")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_it_learns_as_in_float32(precision: str) -> None:
    model, found = losses(precision)
    reference, wanted = in_float32()
    assert found[-1] < found[0] / 2
    np.testing.assert_allclose(found[-1], wanted[-1], rtol=0.1)
    assert evaluate(model, DATA)["loss"] == pytest.approx(evaluate(reference, DATA)["loss"], rel=0.1)
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    assert model.layers[1].compute_dtype == precision.removeprefix("mixed_")


def test_stopped_in_float16_it_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    whole, _ = losses("mixed_float16")
    stop = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: 1 / (2 - epoch))
    with pytest.raises(ZeroDivisionError):
        losses("mixed_float16", checkpoints=Checkpoints(tmp_path), callbacks=[stop])
    found, _ = Checkpoints(tmp_path).latest()
    assert found is not None
    assert found.notes["epochs"] == 2
    assert found.tensors["loss_scale/good_steps"] > 0
    again, _ = losses("mixed_float16", checkpoints=Checkpoints(tmp_path))
    for one, other in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_policy_is_put_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), set_precision("mixed_bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        _ = 1 / 0
