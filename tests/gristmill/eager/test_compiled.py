"""The same loop runs compiled and step by step."""

from typing import Any

import keras
import numpy as np
import pytest

from gristmill import eager
from gristmill.errors import WorkError
from gristmill.training import Group, Step


def batches() -> list[tuple[Any, Any]]:
    random = np.random.default_rng(1)
    return [
        (random.normal(size=(8, 4)).astype("float32"), random.normal(size=(8, 1)).astype("float32")) for _ in range(5)
    ]


def model() -> keras.Model:
    keras.utils.set_random_seed(3)
    made = keras.Sequential(
        name="net",
        layers=[
            keras.Input((4,)),
            keras.layers.Dense(16, activation="tanh", name="hidden"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(1, name="out"),
        ],
    )
    made.compile(keras.optimizers.Adam(0.01), "mse")
    return made


def test_eager_and_compiled_give_equal_steps_also_with_dropout() -> None:
    loop = eager.compiled(model(), batches())
    fast = list(loop)
    slow = list(eager.steps(eager.compiled(model(), batches()), watch=True))
    for one, other in zip(fast, slow, strict=True):
        assert one.number == other.number
        assert one.loss == pytest.approx(other.loss, rel=1e-5)
        assert one.gradient_norms == pytest.approx(other.gradient_norms, rel=1e-4)
        assert one.learning_rate == other.learning_rate
        assert not one.outputs and len(other.outputs) == 4


def test_both_leave_the_same_weights() -> None:
    fast, slow = model(), model()
    list(eager.compiled(fast, batches()))
    list(eager.steps(slow, batches()))
    for one, other in zip(fast.variables, slow.variables, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-6)


def test_both_equal_the_training_of_keras() -> None:
    ours, theirs = model(), model()
    list(eager.steps(ours, batches()))
    for x, y in batches():
        theirs.train_on_batch(x, y)
    for one, other in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-6)


def test_arithmetic_without_rounding_is_exactly_equal() -> None:
    def made() -> Step:
        x = keras.Variable(np.float32(3.0), name="x")
        return Step(lambda batch: 0.5 * keras.ops.square(x - batch), [Group(keras.optimizers.SGD(0.5), [x])])

    data = [np.float32(value) for value in (1.0, 0.0, 2.0)]
    fast, slow = list(eager.compiled(made(), data)), list(eager.steps(made(), data))
    assert [step.loss for step in fast] == [step.loss for step in slow] == [2.0, 2.0, 0.5]
    assert [step.gradient_norms for step in fast] == [step.gradient_norms for step in slow]


def test_compiled_stops_at_a_loss_that_is_not_finite_and_says_how_to_see_more() -> None:
    x, y = batches()[0]
    with pytest.raises(WorkError, match=r"nan at step 2: the input \[0\] holds NaN; `eager.steps` tells the layer"):
        list(eager.compiled(model(), [(x, y), (x * np.nan, y)]))
