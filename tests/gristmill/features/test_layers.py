"""The layers behind feature columns, on inputs whose outcome is known by thought."""

from typing import Any

import keras
import numpy as np
import pytest

from gristmill.features import Bucket, CrossIndex, IndexBag, Standardize

TABLE = np.array([[9.0, 9.0], [1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)
"""Embeddings of the indices 0 to 3; that of 0 must never show."""

LAYERS = {
    "bag": (IndexBag(4, 2, "mean", "normal", name="bag"), np.array([[1, 2, 0], [0, 0, 0]], np.int32)),
    "cross": (CrossIndex(3, name="cross"), [np.array([1, 2], np.int32), np.array([2, 0], np.int32)]),
    "bucket": (Bucket((0.0, 1.5), name="bucket"), np.array([-1.0, 1.5], np.float32)),
    "standardize": (Standardize(2.0, 4.0, name="standardize"), np.array([6.0, np.nan], np.float32)),
}


def bag(combiner: str, indices: list[Any]) -> list[Any]:
    layer = IndexBag(4, 2, combiner, "zeros")
    layer.build((None,))
    layer.table.assign(TABLE)
    return layer(np.array(indices, np.int32)).numpy().tolist()


def test_one_index_gives_its_embedding() -> None:
    assert bag("sum", [1, 3]) == bag("mean", [1, 3]) == [[1, 2], [5, 6]]


def test_index_zero_adds_nothing() -> None:
    assert bag("sum", [0]) == bag("mean", [0]) == [[0, 0]]
    assert bag("mean", [[0, 0]]) == [[0, 0]]


def test_a_list_is_added_up_or_averaged_over_what_is_present() -> None:
    assert bag("sum", [[1, 2, 0], [3, 3, 0]]) == [[4, 6], [10, 12]]
    assert bag("mean", [[1, 2, 0], [3, 3, 0]]) == [[2, 3], [5, 6]]


def test_embeddings_start_at_zero_or_near_it() -> None:
    made = {}
    for start in ("zeros", "normal"):
        layer = IndexBag(500, 4, "sum", start)
        layer.build((None,))
        made[start] = layer.table.numpy()
    assert not made["zeros"].any()
    assert made["normal"].std() == pytest.approx(0.05, rel=0.1)


def test_every_pair_has_an_index_of_its_own() -> None:
    first, second = np.repeat([1, 2], 3).astype(np.int32), np.tile([1, 2, 3], 2).astype(np.int32)
    crossed = CrossIndex(4)([first, second]).numpy()
    assert crossed.tolist() == [5, 6, 7, 9, 10, 11]
    assert crossed.dtype == np.int32


def test_a_cross_with_nothing_is_nothing() -> None:
    assert CrossIndex(4)([np.array([0, 2, 0]), np.array([3, 0, 0])]).numpy().tolist() == [0, 0, 0]


def test_a_cross_with_a_list_crosses_each_element() -> None:
    assert CrossIndex(4)([np.array([1, 2]), np.array([[3, 1], [2, 0]])]).numpy().tolist() == [[7, 5], [10, 0]]


def test_a_boundary_belongs_to_the_interval_above_it() -> None:
    buckets = Bucket((0.0, 1.5))(np.array([-7.0, -1e-6, 0.0, 1.4, 1.5, 99.0, np.inf, -np.inf], np.float32)).numpy()
    assert buckets.tolist() == [1, 1, 2, 2, 3, 3, 3, 1]
    assert buckets.dtype == np.int32


def test_a_missing_number_falls_into_no_interval() -> None:
    assert Bucket((0.0,))(np.array([np.nan], np.float32)).numpy().tolist() == [0]


def test_without_boundaries_there_is_one_interval() -> None:
    assert Bucket(())(np.array([-3.0, 3.0, np.nan], np.float32)).numpy().tolist() == [1, 1, 0]


def test_standardize_centres_and_scales_and_takes_a_missing_number_for_the_mean() -> None:
    assert Standardize(2.0, 4.0)(np.array([2.0, 10.0, np.nan], np.float32)).numpy().tolist() == [[0], [2], [0]]


def test_a_deviation_of_zero_does_not_divide() -> None:
    assert Standardize(2.0, 0.0)(np.array([5.0], np.float32)).numpy().tolist() == [[3]]


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_made_again_from_its_config(name: str) -> None:
    layer, inputs = LAYERS[name]
    before = layer(inputs)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    assert again(inputs).shape == before.shape
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(inputs), before)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_computes_in_32_bits(name: str) -> None:
    layer, inputs = LAYERS[name]
    assert layer(inputs).dtype in ("float32", "int32")
    assert all(weight.dtype == "float32" for weight in layer.weights)
