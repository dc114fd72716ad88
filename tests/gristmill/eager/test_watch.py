"""What the layers of a step gave."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill import eager
from gristmill.eager.record import seen
from gristmill.errors import InputError

X, Y = np.array([[1.0, -2.0]], np.float32), np.zeros((1, 1), np.float32)


def names(model: Any, watch: Any) -> list[str]:
    (step,) = eager.steps(model, [(X, Y)], loss="mse", optimizer="sgd", watch=watch)
    return [output.layer for output in step.outputs]


def nested() -> keras.Model:
    inner = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2, name="up"), keras.layers.ReLU(name="cut")], name="in"
    )
    return keras.Sequential([keras.Input((2,)), inner, keras.layers.Dense(1, name="down")], name="out")


class Sub(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="sub")
        self.parts = [keras.layers.Dense(2, name="a"), keras.layers.Dense(1, name="b")]

    def call(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x


def test_figures_of_a_layer_are_those_by_hand() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.ReLU(name="cut"), keras.layers.Dense(1)])
    (step,) = eager.steps(model, [(X, Y)], loss="mse", optimizer="sgd", watch=["cut"])
    assert step.outputs == (eager.LayerOutput("cut", (1, 2), "float32", 0.0, 1.0, 0.5, 0.5, 0),)


def test_figures_leave_out_what_is_not_finite_and_count_it() -> None:
    output = seen("it", tf.constant([np.nan, np.inf, 2.0, 0.0]))
    assert output == eager.LayerOutput("it", (4,), "float32", 0.0, 2.0, 1.0, 0.25, 2)


def test_text_and_nothing_have_no_figures() -> None:
    assert seen("it", tf.constant(["a"])) == eager.LayerOutput("it", (1,), "string", None, None, None, 0.0, 0)
    assert seen("it", tf.zeros([0, 2])).minimum is None


def test_layers_in_nested_models_are_told_in_the_order_of_their_ends() -> None:
    assert names(nested(), True) == ["in/up", "in/cut", "in", "down"]
    assert names(Sub(), True) == ["a", "b"]


def test_patterns_are_of_whole_or_last_names() -> None:
    assert names(nested(), ["in/*"]) == ["in/up", "in/cut"]
    assert names(nested(), ["cut", "d*"]) == ["in/cut", "down"]
    assert names(nested(), "down") == ["down"]
    assert names(nested(), False) == []


def test_a_pattern_that_fits_no_layer_is_refused_with_near_names() -> None:
    with pytest.raises(InputError, match="unknown layer 'donw'; did you mean 'down'"):
        names(nested(), ["donw"])


def test_each_of_several_outputs_is_told() -> None:
    inputs = keras.Input((2, 1))
    outputs = keras.layers.SimpleRNN(3, return_state=True, name="rnn")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(outputs[0]))
    (step,) = eager.steps(model, [(X[..., None], Y)], loss="mse", optimizer="sgd", watch=["rnn"])
    assert [(output.layer, output.shape) for output in step.outputs] == [("rnn[0]", (1, 3)), ("rnn[1]", (1, 3))]


def test_masks_and_functions_of_the_user_work_as_ever() -> None:
    class Doubled(keras.layers.Layer):
        @tf.function
        def call(self, x: Any) -> Any:
            return 2.0 * x

    model = keras.Sequential([keras.layers.Embedding(5, 2, mask_zero=True), keras.layers.GRU(2), Doubled(name="twice")])
    model.add(keras.layers.Dense(1))
    (step,) = eager.steps(model, [(np.array([[1, 2, 0]]), Y)], loss="mse", optimizer="sgd", watch=["twice"])
    assert [output.shape for output in step.outputs] == [(1, 2)]
