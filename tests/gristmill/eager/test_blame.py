"""A run stops at the first bad value or shape, and names the layer, what came in, and the user's own line."""

import linecache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill import eager
from gristmill.errors import InputError, WorkError
from gristmill.training import Group, Step

X, Y = np.ones((2, 3), np.float32), np.ones((2, 1), np.float32)


class Log(keras.layers.Layer):
    def call(self, x: Any) -> Any:
        less = x - 1.5
        logs = tf.math.log(less)  # NaN below 1.5
        return logs * 2.0


class Root(keras.layers.Layer):
    def call(self, x: Any) -> Any:
        return tf.sqrt(x)  # an infinite slope at 0


class Matmul(keras.layers.Layer):
    def call(self, x: Any) -> Any:
        return tf.matmul(x, tf.zeros([7, 2]))  # takes a width of 7


class Filled(keras.layers.Layer):
    def call(self, x: Any) -> Any:
        return tf.where(tf.math.is_nan(x), tf.zeros_like(x), x)


class Between(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.out = keras.layers.Dense(1, name="out")

    def call(self, x: Any) -> Any:
        ratio = x / (x - x)  # infinity between layers
        return self.out(ratio)


class TwoParts(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.product = keras.layers.Dense(4), Matmul(name="product")
        self.compile("sgd", "mse")

    def call(self, x: Any) -> Any:
        return self.product(self.first(x))


def compiled(*parts: keras.layers.Layer) -> keras.Model:
    model = keras.Sequential([keras.Input((3,)), *parts])
    model.compile("sgd", "mse")
    return model


def stopped(model: Any, *batches: Any, kind: type[Exception] = WorkError) -> Exception:
    with pytest.raises(kind) as caught:
        list(eager.steps(model, batches, watch=True))
    return caught.value


def line(part: str) -> str:
    """The place and text of the first line of this file that holds a text, as errors show it."""
    for number, text in enumerate(Path(__file__).read_text().splitlines(), 1):
        if part in text:
            return f"{__file__}:{number}: `{linecache.getline(__file__, number).strip()}`"
    raise AssertionError(part)


def test_nan_in_a_custom_layer_names_the_layer_and_its_line() -> None:
    error = stopped(compiled(keras.layers.Identity(), Log(name="log"), keras.layers.Dense(1)), (X, Y))
    assert "step 1: the output of layer `log` (Log) must be finite" in str(error)
    assert "NaN in 6 of 6 values, from float32 [2, 3]" in str(error)
    assert str(error).endswith(line("# NaN below 1.5"))
    assert isinstance(error.__cause__, tf.errors.InvalidArgumentError)


def test_a_layer_in_nested_models_is_named_by_its_way() -> None:
    inner = keras.Sequential([keras.Input((3,)), Log(name="log")], name="inner")
    inputs = keras.Input((3,))
    outer = keras.Model(inputs, inner(inputs), name="outer")
    error = stopped(compiled(outer, keras.layers.Dense(1)), (X, Y))
    assert "layer `outer/inner/log` (Log)" in str(error)


def test_an_operation_of_a_functional_model_is_named() -> None:
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.ops.log(inputs - 1.5)))
    model.compile("sgd", "mse")
    error = stopped(model, (X, Y))
    assert "(Log) must be finite" in str(error)
    assert line("list(eager.steps(model, batches, watch=True))") in str(error)


def test_what_is_computed_between_layers_is_found() -> None:
    model = Between()
    model.compile("sgd", "mse")
    error = stopped(model, (X, Y))
    assert "what comes into layer `out` (Dense) as input[0] must be finite. Received: infinity" in str(error)
    assert str(error).endswith(line("# infinity between layers"))


def test_a_shape_mismatch_names_the_layer_and_the_users_line() -> None:
    error = stopped(compiled(keras.layers.Dense(4, name="wide")), (X, Y), (X[:, :2], Y), kind=InputError)
    assert "step 2: layer `wide` (Dense) must be able to take what comes in. Received: float32 [2, 2]" in str(error)
    assert str(error).endswith(line("list(eager.steps(model, batches, watch=True))"))
    assert isinstance(error.__cause__, ValueError)


def test_a_shape_mismatch_in_a_custom_layer_names_its_line() -> None:
    error = stopped(TwoParts(), (X, Y), kind=InputError)
    assert "layer `product` (Matmul) must be able to take what comes in. Received: float32 [2, 4]" in str(error)
    assert str(error).endswith(line("# takes a width of 7"))
    assert isinstance(error.__cause__, tf.errors.InvalidArgumentError)


def test_a_shape_mismatch_met_while_keras_builds_names_its_line() -> None:
    model = keras.Sequential([keras.layers.Dense(4), Matmul(name="product")])
    model.compile("sgd", "mse")
    error = stopped(model, (X, Y), kind=InputError)
    assert "layer `product` (Matmul) must be able to take what comes in. Received: float32 [2, 4]" in str(error)
    assert str(error).endswith(line("# takes a width of 7"))


def test_labels_of_a_wrong_shape_are_told_of_the_loss() -> None:
    error = stopped(compiled(keras.layers.Dense(2)), (X, np.ones((2, 5), np.float32)), kind=InputError)
    assert "the loss must be able to take what comes in. Received: float32 [2, 3], float32 [2, 5]" in str(error)


def test_nan_in_the_input_is_told_before_the_layers_that_it_spoils() -> None:
    inputs = {name: keras.Input((3,), name=name) for name in ("age", "odd")}
    both = keras.layers.Add(name="add")([inputs["age"], inputs["odd"]])
    model = keras.Model(inputs, keras.layers.Dense(1)(both))
    model.compile("sgd", "mse")
    error = stopped(model, ({"age": X, "odd": X * np.nan}, Y))
    assert "the input `batch[0]['odd']` must be finite. Received: NaN in 6 of 6 values" in str(error)
    assert "it first spoils the output of layer `add` (Add)" in str(error)


def test_nan_in_the_labels_is_told_of_the_input() -> None:
    error = stopped(compiled(keras.layers.Dense(1)), (X, Y * np.nan))
    assert "the input `batch[1]` must be finite. Received: NaN in 2 of 2 values; it first spoils the loss" in str(error)


def test_missing_values_that_a_layer_replaces_are_no_error() -> None:
    (step,) = eager.steps(compiled(Filled(), keras.layers.Dense(1)), [(X * np.nan, Y)])
    assert step.loss == 1.0


def test_a_layer_that_is_bad_by_itself_is_told_beside_missing_values() -> None:
    error = stopped(compiled(Filled(), Log(name="log"), keras.layers.Dense(1)), (X * np.nan, Y))
    assert "the output of layer `log` (Log) must be finite" in str(error)


def test_a_bad_weight_is_told_before_layers() -> None:
    model = compiled(keras.layers.Dense(1, name="bad_one"))
    model.layers[0].bias.assign([np.inf])
    assert "the weight `bad_one/bias` must be finite" in str(stopped(model, (X, Y)))


def test_a_bad_loss_of_finite_layers_names_the_users_line() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])

    def ratio(y: Any, outputs: Any) -> Any:
        return tf.reduce_mean(y / outputs, -1)  # divides by zero

    model.compile("sgd", ratio)
    error = stopped(model, (X, Y))
    assert "the loss must be finite. Received: infinity in 1 of 1 values" in str(error)
    assert str(error).endswith(line("# divides by zero"))


def test_a_bad_gradient_of_a_finite_loss_names_the_layer_that_gave_it_back() -> None:
    first = keras.layers.Dense(2, kernel_initializer="zeros", name="first")
    error = stopped(compiled(first, Root(name="root"), keras.layers.Dense(1, kernel_initializer="ones")), (X, Y))
    assert "the gradient of `first/kernel` must be finite. Received: infinity in 6 of 6 values" in str(error)
    assert "layer `root` (Root) gives back infinity in 4 of 4 values" in str(error)
    assert f"{__file__}:" in str(error) and str(error).endswith("`def call(self, x: Any) -> Any:`")


def test_a_bad_gradient_of_a_step_without_layers_names_the_variable() -> None:
    x = keras.Variable(np.float32(0.0), name="x")
    step = Step(lambda batch: tf.sqrt(x.value) * batch, [Group(keras.optimizers.SGD(), [x])])
    assert "the gradient of `x` must be finite" in str(stopped(step, tf.constant(1.0)))


def test_a_step_that_fails_changes_nothing() -> None:
    model = compiled(keras.layers.BatchNormalization(), keras.layers.Dropout(0.5), Log(), keras.layers.Dense(1))
    before = [value.copy() for value in (v.numpy() for v in model.variables)]
    stopped(model, (X, Y))
    assert all(np.array_equal(old, v.numpy()) for old, v in zip(before, model.variables, strict=True))


def test_after_an_error_nothing_is_patched() -> None:
    calls = keras.layers.Layer.__call__, keras.Operation.__call__
    stopped(compiled(Log()), (X, Y))
    assert (keras.layers.Layer.__call__, keras.Operation.__call__) == calls
    assert keras.config.is_traceback_filtering_enabled()
    assert not tf.config.functions_run_eagerly()
    assert np.isnan(tf.math.log(-1.0).numpy())


def test_between_steps_nothing_is_patched() -> None:
    calls = keras.layers.Layer.__call__, keras.Operation.__call__
    for _ in eager.steps(compiled(keras.layers.Dense(1)), [(X, Y)] * 2):
        assert (keras.layers.Layer.__call__, keras.Operation.__call__) == calls
        assert not tf.config.functions_run_eagerly()
