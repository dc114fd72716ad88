"""What a step by step run tells, of every kind of model."""

import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill import eager, estimator, features, layers
from gristmill.errors import InputError
from gristmill.training import Group, Step

X, Y = np.array([[1.0, 2.0]], np.float32), np.array([[1.0]], np.float32)
"""With a kernel of ones the output is 3, the loss 4, the gradient (4, 8)."""


def ones() -> keras.Sequential:
    return keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones", use_bias=False, name="sum")], name="net"
    )


def check_first(step: eager.StepRecord, norm_name: str) -> None:
    assert (step.number, step.loss, step.learning_rate) == (1, 4.0, pytest.approx(0.125))
    assert step.gradient_norms == {norm_name: pytest.approx(math.sqrt(80))}
    assert step.global_norm == pytest.approx(math.sqrt(80))
    assert step.seconds > 0 and step.outputs == ()


def test_a_compiled_model_is_trained_by_its_own_loss_and_optimizer() -> None:
    model = ones()
    model.compile(keras.optimizers.SGD(0.125), "mse")
    (step,) = eager.steps(model, [(X, Y)])
    check_first(step, "sum/kernel")
    assert model.layers[0].kernel.numpy().ravel().tolist() == [0.5, 0.0]


def test_an_uncompiled_model_is_trained_by_those_given_and_stays_uncompiled() -> None:
    model = ones()
    (step,) = eager.steps(model, [(X, Y)], loss="mse", optimizer=keras.optimizers.SGD(0.125))
    check_first(step, "sum/kernel")
    assert not model.compiled


def test_a_loss_given_wins_over_that_of_a_compiled_model() -> None:
    model = ones()
    model.compile("sgd", "mse")
    (step,) = eager.steps(model, [(X, Y)], loss=keras.losses.MeanAbsoluteError())
    assert step.loss == 2.0


def test_any_function_can_be_the_loss_of_a_step() -> None:
    x = keras.Variable(np.float32(3.0), name="x")
    step = Step(lambda batch: tf.square(x.value - batch), [Group(keras.optimizers.SGD(0.5), [x])])
    first, second = eager.steps(step, (tf.constant(value) for value in (1.0, 1.0)))
    assert (first.loss, first.gradient_norms, second.loss) == (4.0, {"x": 4.0}, 0.0)


def test_layers_of_a_template_are_watched() -> None:
    net = layers.make_template("eager_net", lambda x: layers.dense(x, 1, kernel_initializer="ones", name="sum"))
    net(X)
    step = Step(lambda batch: tf.reduce_sum(net(batch)), [Group(keras.optimizers.SGD(0.125), net.trainable_variables)])
    (record,) = eager.steps(step, [X], watch=True)
    (output,) = record.outputs
    assert record.loss == 3.0 and output.layer.endswith("sum") and output.minimum == output.maximum == 3.0


def test_an_estimator_is_trained_by_its_optimizers() -> None:
    column = features.NumberColumn("age")
    model = estimator.LinearClassifier([column], optimizer=keras.optimizers.SGD(0.125))
    batch = ({"age": np.zeros(4, np.float32)}, np.ones(4, np.float32))
    (record,) = eager.steps(model, [batch], watch=True)
    assert record.loss == pytest.approx(math.log(2))
    assert "logits" in [output.layer for output in record.outputs]


def test_a_dataset_a_generator_and_weights_are_data() -> None:
    def batches() -> Iterator[Any]:
        yield X, Y, np.array([0.5], np.float32)

    options: dict[str, Any] = {"loss": "mse", "optimizer": "sgd"}
    (weighted,) = eager.steps(ones(), batches(), **options)
    (plain,) = eager.steps(ones(), tf.data.Dataset.from_tensors((X, Y)), **options)
    assert (weighted.loss, plain.loss) == (2.0, 4.0)


def test_a_model_without_shapes_is_built_by_the_first_batch() -> None:
    model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)])
    (step,) = eager.steps(model, [(X, Y)], loss="mse", optimizer="sgd")
    assert step.loss == 4.0


def test_penalties_of_layers_are_part_of_the_loss() -> None:
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(1, kernel_initializer="ones", kernel_regularizer=keras.regularizers.L1(0.5)),
        ]
    )
    (step,) = eager.steps(model, [(X, Y)], loss="mse", optimizer="sgd")
    assert step.loss == 5.0


def test_float16_scales_the_loss_once() -> None:
    policy = keras.dtype_policies.DTypePolicy("mixed_float16")
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones", dtype=policy, name="sum")]
    )
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(8.0))
    (step,) = eager.steps(model, [(X, Y, np.array([1 / 64], np.float32))], loss="mse", optimizer=optimizer)
    assert step.gradient_norms["sum/kernel"] == pytest.approx(math.sqrt(80) / 64)
    assert model.layers[0].kernel.numpy().ravel().tolist() == [0.5, 0.0]


class OwnStep(keras.Model):
    def train_step(self, data: Any) -> Any:
        return {}


@pytest.mark.parametrize(
    ("model", "options", "text"),
    [
        (3, {}, "`model` must be a Keras model"),
        (ones(), {}, "`loss` must be given"),
        (ones(), {"loss": "mse"}, "`optimizer` must be given"),
        (OwnStep(), {"loss": "mse", "optimizer": "sgd"}, "`train_step` of its own"),
        (Step(lambda batch: batch, []), {"loss": "mse"}, "must be None beside a step"),
        (eager.Compiled(Step(lambda batch: batch, []), []), {}, "must be None beside a loop"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_there_is_data(model: Any, options: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        eager.steps(model, [], **options)


def test_data_must_be_given_beside_a_model() -> None:
    with pytest.raises(InputError, match="`data` must be given"):
        eager.steps(ones(), loss="mse", optimizer="sgd")


def test_a_batch_of_four_parts_is_refused() -> None:
    with pytest.raises(InputError, match="Received: 4 parts"):
        next(eager.steps(ones(), [(X, Y, Y, Y)], loss="mse", optimizer="sgd"))
