"""Templates: weights made once and found at every later call, eagerly, in tf.function and in functional models."""

import threading
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill import layers
from gristmill.errors import InputError

X = np.ones((2, 3), "float32")


def two_layers(inputs: Any, width: int = 4, training: Any = False) -> Any:
    hidden = layers.dropout(layers.dense(inputs, width, "relu"), training=training)
    return layers.dense(hidden, 1, name="out")


def test_later_calls_use_the_weights_of_the_first() -> None:
    net = layers.make_template("net", two_layers, width=8)
    assert net.variables == []
    one = net(X)
    made = net.trainable_variables
    np.testing.assert_array_equal(net(X), one)
    assert net.trainable_variables == made
    assert [variable.path for variable in made] == [
        "net.dense/kernel", "net.dense/bias", "net.out/kernel", "net.out/bias",
    ]  # fmt: skip
    assert made[0].shape == (3, 8)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_template_trains(compiled: bool) -> None:
    keras.utils.set_random_seed(1)
    inputs = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    labels = inputs @ np.array([[1.0], [-2.0], [0.5]], "float32")
    net = layers.make_template("net", two_layers)
    optimizer = keras.optimizers.Adam(0.05)

    def step(inputs: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((net(inputs) - labels) ** 2)
        variables = net.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    net(inputs)
    optimizer.build(net.trainable_variables)
    run = tf.function(step) if compiled else step
    losses = [float(run(tf.constant(inputs), tf.constant(labels))) for _ in range(40)]
    assert losses[-1] < losses[0] / 5
    assert len(net.layers) == 3


def test_the_first_call_may_be_in_a_function_and_later_traces_find_its_weights() -> None:
    net = layers.make_template("net", two_layers)
    run = tf.function(net)
    one = run(X)
    np.testing.assert_allclose(run(np.concatenate([X, X]))[:2], one, rtol=1e-6)
    np.testing.assert_allclose(net(X), one, rtol=1e-6)
    assert len(net.layers) == 3


def test_a_scope_with_auto_reuse_serves_in_a_function_too() -> None:
    @tf.function
    def run(inputs: Any) -> Any:
        with layers.scope("net", reuse=layers.AUTO_REUSE):
            return layers.dense(inputs, 2)

    np.testing.assert_allclose(run(np.concatenate([X, X]))[:2], run(X), rtol=1e-6)
    assert len(layers.current_store().layers) == 1


@pytest.mark.parametrize("function", [lambda inputs: layers.dense(inputs, 2), layers.dropout])
def test_variables_without_a_place_in_a_function_are_refused(function: Any) -> None:
    with pytest.raises(InputError, match=r"`d\w+` in a tf.function must have a place.*make_template"):
        tf.function(function)(X)


def test_layers_without_variables_need_no_place_in_a_function() -> None:
    run = tf.function(lambda inputs: layers.max_pooling1d(layers.flatten(inputs)[..., None], 3, 3))
    assert run(X).shape == (2, 1, 1)
    assert run(np.concatenate([X, X])).shape == (4, 1, 1)


def test_autograph_still_reads_the_users_function() -> None:
    def branching(inputs: Any) -> Any:
        outputs = layers.dense(inputs, 2, kernel_initializer="ones")
        if tf.reduce_sum(outputs) > 0:
            outputs = -outputs
        return outputs

    net = layers.make_template("net", branching)
    np.testing.assert_array_equal(tf.function(net)(tf.constant(X)), -3 * np.ones((2, 2)))
    np.testing.assert_array_equal(tf.function(net)(tf.constant(-X)), -3 * np.ones((2, 2)))


def test_one_set_of_weights_serves_functional_models_and_eager_calls() -> None:
    net = layers.make_template("net", two_layers)
    left, right = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([left, right], [net(left), net(right)])
    outputs = model([X, X])
    np.testing.assert_array_equal(outputs[0], outputs[1])
    np.testing.assert_array_equal(net(X), outputs[0])
    assert model.trainable_variables == net.trainable_variables


def test_templates_called_by_others_are_counted_by_them() -> None:
    inner = layers.make_template("inner", lambda inputs: layers.dense(inputs, 2))
    outer = layers.make_template("outer", lambda inputs: layers.dense(inner(inputs), 1))
    with layers.Store() as store:
        outer(X)
        outer(X)
    expected = ["outer.dense", "inner.dense"]
    assert [layer.name for layer in outer.layers] == [layer.name for layer in store.layers] == expected
    assert [layer.name for layer in inner.layers] == ["inner.dense"]


def test_a_template_made_in_a_template_finds_its_weights_again() -> None:
    def blocks(inputs: Any) -> Any:
        for _ in range(2):
            inputs = layers.make_template("block", lambda inputs: layers.dense(inputs, 3))(inputs)
        return inputs

    net = layers.make_template("net", blocks)
    np.testing.assert_array_equal(net(X), net(X))
    assert [layer.name for layer in net.layers] == ["net.block.dense", "net.block_1.dense"]


def test_a_template_made_in_a_store_lives_there_under_a_new_name() -> None:
    with layers.Store() as store, layers.scope("tower"):
        nets = [layers.make_template("net", two_layers) for _ in range(2)]
    for net in nets:
        net(X)
    assert [net.name for net in nets] == ["tower/net", "tower/net_1"]
    assert len(store.layers) == 6


def test_a_first_call_that_fails_leaves_nothing() -> None:
    widths = iter([X[0], X, X])

    def fails_at_first(inputs: Any) -> Any:
        layers.flatten(inputs, name="f")
        return layers.dense(next(widths), 2, name="d")

    net = layers.make_template("net", fails_at_first)
    with pytest.raises(InputError, match="'net/d' cannot take these inputs"):
        net(X)
    assert net.layers == []
    np.testing.assert_array_equal(net(X), net(X))


def test_a_later_call_that_asks_for_more_is_refused() -> None:
    net = layers.make_template("net", lambda inputs, count: [layers.dense(inputs, 2) for _ in range(count)])
    net(X, 1)
    with pytest.raises(InputError, match="'net/dense_1' does not exist"):
        net(X, 2)


def test_two_threads_make_the_weights_once() -> None:
    net = layers.make_template("net", two_layers)
    outputs = list[Any]()
    threads = [threading.Thread(target=lambda: outputs.append(net(X).numpy())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(net.layers) == 3
    assert len(outputs) == 6 and all(np.array_equal(one, outputs[0]) for one in outputs)


def test_under_a_strategy_weights_are_made_before_it_runs() -> None:
    strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
    net = layers.make_template("net", lambda inputs: layers.dense(inputs, 2))
    with pytest.raises(InputError, match=r"must be made before `strategy.run`"):
        strategy.run(net, (X,))
    with strategy.scope():
        net(X)
    np.testing.assert_allclose(tf.function(lambda: strategy.run(net, (X,)))(), net(X), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "function", "text"), [("a b", len, "name of a scope"), ("net", 3, "must be callable")]
)
def test_a_template_needs_a_name_and_a_function(name: Any, function: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        layers.make_template(name, function)
