"""Scopes: names, numbering, and what reuse takes or refuses."""

import functools
import gc
import re
import threading
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gristmill import layers
from gristmill.errors import InputError

X = np.ones((2, 3), "float32")


def paths(store: layers.Store) -> list[str]:
    return [layer.name for layer in store.layers]


def test_unnamed_layers_are_numbered_within_their_scope() -> None:
    with layers.Store() as store:
        layers.dense(layers.dense(X, 2), 2)
        with layers.scope("tower"):
            layers.dense(X, 2)
            with layers.scope("top"):
                layers.dense(X, 2)
                layers.flatten(X)
        with layers.scope("a/b"):
            layers.dense(X, 2, name="c/d")
    assert paths(store) == ["dense", "dense_1", "tower.dense", "tower.top.dense", "tower.top.flatten", "a.b.c.d"]
    assert store.layer("tower/top/dense").kernel.path == "tower.top.dense/kernel"


def test_given_names_count_among_the_numbered_ones() -> None:
    with layers.Store() as store:
        layers.dense(X, 2, name="dense")
        layers.dense(X, 2)
        with layers.scope(default_name="block"), layers.scope("in"):
            layers.dense(X, 2)
        with layers.scope(default_name="block"):
            layers.dense(X, 2)
    assert paths(store) == ["dense", "dense_1", "block.in.dense", "block_1.dense"]


def test_two_calls_one_set_of_weights() -> None:
    with layers.Store() as store:
        one = layers.dense(X, 2, name="shared")
        other = layers.dense(X, 2, name="shared", reuse=True)
    np.testing.assert_array_equal(one, other)
    assert [variable.path for variable in store.variables] == ["shared/kernel", "shared/bias"]


def test_a_scope_that_reuses_finds_unnamed_layers_in_their_order() -> None:
    def tower() -> Any:
        return layers.dropout(layers.dense(layers.dense(X, 4), 2))

    with layers.Store() as store:
        with layers.scope("tower"):
            one = tower()
        with layers.scope("tower", reuse=True):
            other = tower()
    np.testing.assert_array_equal(one, other)
    assert paths(store) == ["tower.dense", "tower.dense_1", "tower.dropout"]


def test_scopes_inside_one_that_reuses_reuse_too() -> None:
    with layers.Store() as store:
        for reuse in (None, True):
            with layers.scope("a", reuse=reuse), layers.scope("b", reuse=False):
                layers.dense(X, 2, name="d", reuse=False)
    assert len(store.layers) == 1


def test_auto_reuse_makes_then_takes() -> None:
    with layers.Store() as store:
        for _ in range(3):
            with layers.scope("net", reuse=layers.AUTO_REUSE):
                layers.dense(X, 2)
            layers.dense(X, 2, name="top", reuse="auto")
            layers.dense(X, 2, name="old", reuse=tf.compat.v1.AUTO_REUSE)
    assert paths(store) == ["net.dense", "top", "old"]


def test_a_scope_can_begin_to_reuse() -> None:
    with layers.Store() as store, layers.scope("tower") as tower:
        one = layers.dense(X, 2)
        tower.reuse_variables()
        np.testing.assert_array_equal(layers.dense(X, 2), one)
    assert len(store.layers) == 1


def test_a_scope_can_be_opened_again_from_anywhere_and_knows_its_variables() -> None:
    with layers.Store():
        with layers.scope("generator") as generator:
            layers.dense(X, 2)
        with layers.scope("discriminator") as discriminator:
            layers.dense(X, 5)
            with layers.scope(generator, reuse=True) as again:
                layers.dense(X, 2)
    assert [variable.path for variable in generator.trainable_variables] == [
        "generator.dense/kernel",
        "generator.dense/bias",
    ]
    assert (again.name, len(discriminator.variables)) == ("generator", 2)


def test_a_taken_name_is_refused() -> None:
    with layers.scope("tower"):
        layers.dense(X, 2)
    with (
        layers.scope("tower"),
        pytest.raises(InputError, match=r"'tower/dense' already exists.*Did you mean reuse=True"),
    ):
        layers.dense(X, 2)


def test_a_missing_name_is_refused_with_near_ones() -> None:
    with layers.scope("tower"):
        layers.dense(X, 2, name="hidden")
    with (
        pytest.raises(InputError, match=r"'tower/hiden' does not exist.*'tower/hidden'"),
        layers.scope("tower", reuse=True),
    ):
        layers.dense(X, 2, name="hiden")


DIFFERING = [
    (lambda name: layers.dense(X, 3, name=name, reuse=True), "`units` was 2, received units=3"),
    (
        lambda name: layers.dense(X, 2, "relu", name=name, reuse=True),
        "`activation` was linear, received activation=relu",
    ),
    (lambda name: layers.dense(X, 2, use_bias=False, name=name, reuse=True), "`use_bias` was True"),
    (lambda name: layers.dense(X, 2, kernel_regularizer="l2", name=name, reuse=True), "`kernel_regularizer` was None"),
    (
        lambda name: layers.dense(X[:, :2], 2, name=name, reuse=True),
        "size 3 along axis -1. Received: shape (2, 2), so 2",
    ),
    (
        lambda name: layers.conv1d(X[None], 2, 1, name=name, reuse=True),
        "is a Dense and must stay one. Received: a Conv1D",
    ),
]


@pytest.mark.parametrize(("call", "text"), DIFFERING, ids=[text for _, text in DIFFERING])
def test_reuse_with_other_arguments_says_what_differs(call: Any, text: str) -> None:
    layers.dense(X, 2, name="d")
    with pytest.raises(InputError, match=f"layer 'd'.*{re.escape(text)}"):
        call("d")


def test_other_windows_differ_and_other_spellings_do_not() -> None:
    image = np.ones((1, 5, 5, 1), "float32")
    layers.conv2d(image, 2, 3, padding="SAME", activation="relu", name="c")
    layers.conv2d(image, 2, [3, 3], strides=1, padding="same", activation=tf.nn.relu, name="c", reuse=True)
    with pytest.raises(InputError, match=r"`kernel_size` was \(3, 3\), received kernel_size=\(2, 3\)"):
        layers.conv2d(image, 2, (2, 3), padding="same", activation="relu", name="c", reuse=True)


def test_functions_made_by_the_same_line_are_the_same_unless_they_hold_other_values() -> None:
    def times(factor: float) -> Any:
        return lambda outputs: outputs * factor

    layers.dense(X, 2, times(2.0), name="lambda")
    layers.dense(X, 2, times(2.0), name="lambda", reuse=True)
    with pytest.raises(InputError, match="`activation` was <lambda>"):
        layers.dense(X, 2, times(3.0), name="lambda", reuse=True)
    layers.dense(X, 2, functools.partial(tf.nn.leaky_relu, alpha=0.1), name="partial")
    layers.dense(X, 2, functools.partial(tf.nn.leaky_relu, alpha=0.1), name="partial", reuse=True)


def test_what_has_no_weights_is_numbered_and_never_refused() -> None:
    with layers.Store() as store, layers.scope("s"):
        layers.flatten(X, name="flat")
        layers.flatten(X, name="flat")
    with store, layers.scope("s"):
        layers.flatten(X, name="flat")
    with store, layers.scope("s", reuse=True):
        layers.flatten(X, name="flat")
        layers.dropout(X, name="new")
    assert paths(store) == ["s.flat", "s.flat_1", "s.flat_2", "s.new"]


def test_unnamed_eager_calls_make_new_weights_and_leave_nothing_behind() -> None:
    one, other = layers.dense(X, 2), layers.dense(X, 2)
    assert np.abs(one - other).max() > 0
    for _ in range(50):
        layers.dense(layers.flatten(X, name="flat"), 2)
    gc.collect()
    assert len(layers.current_store().layers) < 10
    assert len(layers.current_store().root.used) == 0


def test_reset_forgets_the_process_own_store() -> None:
    layers.dense(X, 2, name="d")
    assert paths(layers.current_store()) == ["d"]
    layers.reset()
    layers.dense(X, 3, name="d")
    assert layers.current_store().layer("d").units == 3


def test_stores_are_apart_and_can_be_entered_again() -> None:
    one, other = layers.Store(), layers.Store()
    for store in (one, other, one):
        with store:
            layers.dense(X, 2)
    assert (paths(one), paths(other), paths(layers.current_store())) == (["dense", "dense_1"], ["dense"], [])
    one.clear()
    assert one.layers == []


def test_a_store_names_near_layers() -> None:
    with layers.Store() as store:
        layers.dense(X, 2, name="hidden")
    with pytest.raises(InputError, match="'hiden' does not exist; near it: 'hidden'"):
        store.layer("hiden")


def test_an_error_leaves_the_scope_and_the_name_free() -> None:
    with layers.Store() as store:
        with pytest.raises(InputError), layers.scope("tower"):
            layers.conv2d(X, 2, 3, name="c")
        assert layers.current_store() is store
        with layers.scope("tower"):
            layers.conv2d(X[None, ..., None], 2, 1, name="c")
    assert paths(store) == ["tower.c"]


def test_threads_have_places_of_their_own() -> None:
    stores: dict[int, layers.Store] = {}
    barrier = threading.Barrier(4)

    def work(number: int) -> None:
        with layers.Store() as stores[number], layers.scope(f"t{number}"):
            barrier.wait(10)
            layers.dense(X, number + 1)
            barrier.wait(10)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: paths(store) for number, store in stores.items()} == {n: [f"t{n}.dense"] for n in range(4)}


def test_threads_share_a_store_without_making_a_layer_twice() -> None:
    store, outputs = layers.Store(), list[Any]()

    def work() -> None:
        with store, layers.scope("net", reuse=layers.AUTO_REUSE):
            outputs.append(layers.dense(X, 64).numpy())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.layers) == 1
    assert all(np.array_equal(one, outputs[0]) for one in outputs) and len(outputs) == 8
