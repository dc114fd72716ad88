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


@pytest.mark.parametrize("jit", [False, True])
def test_after_a_loss_that_is_not_finite_nothing_changes_any_more(jit: bool) -> None:
    x = variable(3.0)
    step = Step(distance_to_one(x), [Group(keras.optimizers.Adam(0.5), [x])], average=0.5, jit_compile=jit)
    step(tf.constant(1.0))
    before = {name: value.numpy() for name, value in step.named().items()}
    for batch in (float("nan"), 1.0):
        step(tf.constant(batch))
    assert step.stopped == 2
    after = {name: value.numpy() for name, value in step.named().items()} | {"step": 1, "stopped": 0}
    assert after == before


def test_several_batches_are_one_update_by_their_mean_gradient() -> None:
    x, y = variable(3.0), variable(3.0)
    several, one = (Step(distance_to_one(v), [Group(keras.optimizers.Adam(0.1), [v])]) for v in (x, y))
    assert float(several(tf.constant(0.0), tf.constant(2.0))) == pytest.approx((4.5 + 0.5) / 2)
    one(tf.constant(1.0))
    for step in (several, one):
        step(tf.constant(1.0))
    several(tf.constant(0.0), tf.constant(2.0), tf.constant(1.0))
    one(tf.constant(1.0))
    assert float(x.numpy()) == pytest.approx(float(y.numpy()))


def test_gradients_are_clipped_by_their_norm_over_all_groups() -> None:
    x, y = variable(3.0), variable(4.0)
    groups = [Group(keras.optimizers.SGD(1.0), [v]) for v in (x, y)]
    Step(distance_to_one(x, y), groups, clip_norm=1.0)(tf.constant(0.0))
    assert [float(v.numpy()) for v in (x, y)] == pytest.approx([3.0 - 0.6, 4.0 - 0.8])


def test_a_norm_to_clip_to_is_positive() -> None:
    x = variable(1.0)
    with pytest.raises(InputError, match=r"clip_norm must be more than 0\. Received: 0"):
        Step(distance_to_one(x), [Group(keras.optimizers.SGD(1.0), [x])], clip_norm=0)


def test_small_gradients_survive_float16_where_the_loss_is_scaled() -> None:
    made = []
    for scaled in (False, True):
        x = variable(1.0)
        step = Step(
            lambda batch, x=x: tf.cast(
                tf.cast(x.value, tf.float16) * tf.constant(1e-4, tf.float16) * batch, tf.float32
            ),
            [Group(keras.optimizers.SGD(1e6), [x])],
            scale_loss=scaled,
        )
        step(tf.constant(1e-4, tf.float16))
        made.append(1.0 - float(x.numpy()))
    assert made == [0.0, pytest.approx(0.01, rel=0.01)]


def test_a_scale_that_is_too_large_is_halved_and_the_update_left_out() -> None:
    x = variable(1.0)
    step = Step(
        lambda batch: tf.cast(tf.cast(x.value, tf.float16) * batch, tf.float32),
        [Group(keras.optimizers.SGD(1e-3), [x])],
        scale_loss=True,
    )
    seen = []
    for _ in range(3):
        step(tf.constant(3.0, tf.float16))
        seen.append(float(x.numpy()))
    assert float(step.named()["loss_scale/value"].numpy()) == 2.0**14
    assert seen == pytest.approx([1.0, 0.997, 0.994])
    assert step.stopped is None


def test_the_policy_mixed_float16_scales_the_loss() -> None:
    x = variable(1.0)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        step = Step(distance_to_one(x), [Group(keras.optimizers.SGD(1.0), [x])])
    finally:
        keras.config.set_dtype_policy("float32")
    assert "loss_scale/value" in step.named()


def test_the_same_structure_has_the_same_names_in_any_process() -> None:
    def network() -> Step:
        model = keras.Sequential([keras.layers.Dense(2), keras.layers.Dense(2), keras.layers.Dropout(0.5)])
        model.build((None, 3))
        group = Group(keras.optimizers.Adam(), model.trainable_variables)
        return Step(lambda batch: tf.reduce_sum(model(batch)), [group], state=model.non_trainable_variables)

    first, second = network().named(), network().named()
    assert list(first) == list(second)
    assert "sequential/dense_1/kernel" in first
    for name, value in first.items():
        assert second[name].shape == value.shape
