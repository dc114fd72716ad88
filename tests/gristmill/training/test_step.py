"""One update: what each optimizer trains, and the moving average of the weights."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill.errors import InputError
from gristmill.training import Group, Step


def variable(value: float) -> keras.Variable:
    return keras.Variable(np.float32(value))


def distance_to_one(*variables: keras.Variable) -> Any:
    """Half the squared distance of each variable to the batch; the gradient is the difference."""
    return lambda batch: tf.add_n([0.5 * tf.square(v.value - batch) for v in variables])


def test_a_step_gives_the_loss_before_it_and_moves_against_the_gradient() -> None:
    x = variable(3.0)
    step = Step(distance_to_one(x), [Group(keras.optimizers.SGD(0.5), [x])])
    assert float(step(tf.constant(1.0))) == 2.0
    assert float(x.numpy()) == 2.0


def test_each_group_is_trained_by_its_own_optimizer_only() -> None:
    slow, fast, free = variable(1.0), variable(1.0), variable(1.0)
    groups = [Group(keras.optimizers.SGD(0.1), [slow]), Group(keras.optimizers.SGD(0.5), [fast])]
    step = Step(distance_to_one(slow, fast, free), groups)
    step(tf.constant(0.0))
    assert [float(v.numpy()) for v in (slow, fast, free)] == pytest.approx([0.9, 0.5, 1.0])


def test_a_variable_that_the_loss_does_not_use_stays() -> None:
    used, unused = variable(1.0), variable(7.0)
    step = Step(distance_to_one(used), [Group(keras.optimizers.Adam(0.1), [used, unused])])
    step(tf.constant(0.0))
    assert float(unused.numpy()) == 7.0
    assert float(used.numpy()) < 1.0


def test_a_group_without_variables_is_left_out() -> None:
    x = variable(1.0)
    step = Step(distance_to_one(x), [Group(keras.optimizers.SGD(1.0), [x]), Group(keras.optimizers.Adam(), [])])
    step(tf.constant(0.0))
    assert step.weights() == [0.0]


def test_a_variable_in_two_groups_is_refused() -> None:
    x = variable(1.0)
    groups = [Group(keras.optimizers.SGD(0.1), [x]), Group(keras.optimizers.SGD(0.1), [x])]
    with pytest.raises(InputError, match="one group only"):
        Step(distance_to_one(x), groups)


def test_an_optimizer_in_two_groups_is_refused() -> None:
    x, y, shared = variable(1.0), variable(1.0), keras.optimizers.SGD(0.1)
    with pytest.raises(InputError, match="an optimizer of its own"):
        Step(distance_to_one(x, y), [Group(shared, [x]), Group(shared, [y])])


def test_the_average_equals_the_plain_recurrence() -> None:
    x, plain, mean = variable(4.0), 4.0, 4.0
    step = Step(distance_to_one(x), [Group(keras.optimizers.SGD(0.25), [x])], average=0.4)
    for n in range(1, 21):
        step(tf.constant(0.0))
        plain -= 0.25 * plain
        decay = min(0.4, n / (n + 10))
        mean = decay * mean + (1 - decay) * plain
        assert float(step.weights()[0]) == pytest.approx(mean, rel=1e-5)
        assert float(step.live_weights()[0]) == pytest.approx(plain, rel=1e-5)


def test_without_an_average_the_weights_to_keep_are_the_live_ones() -> None:
    x = variable(2.0)
    step = Step(distance_to_one(x), [Group(keras.optimizers.SGD(0.5), [x])])
    step(tf.constant(0.0))
    assert step.weights() == step.live_weights() == [1.0]


def test_assigned_weights_stand_in_the_variables() -> None:
    x, y = variable(1.0), variable(2.0)
    step = Step(distance_to_one(x, y), [Group(keras.optimizers.SGD(0.5), [x, y])])
    step.assign([np.float32(5.0), np.float32(6.0)])
    assert (float(x.numpy()), float(y.numpy())) == (5.0, 6.0)


def test_xla_computes_the_same_step() -> None:
    made = []
    for jit in (False, True):
        x = variable(3.0)
        step = Step(distance_to_one(x), [Group(keras.optimizers.Adam(0.1), [x])], jit_compile=jit, average=0.9)
        for _ in range(3):
            step(tf.constant(1.0))
        made.append((float(x.numpy()), float(step.weights()[0])))
    assert made[0] == pytest.approx(made[1], rel=1e-6)
