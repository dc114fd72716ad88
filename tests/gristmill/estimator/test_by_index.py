"""Batches of records in memory by their numbers: the same elements in the same order."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.by_index import by_index

FEATURES = {"x": np.arange(23, dtype=np.float32), "t": np.array([f"t{i}" for i in range(23)]), "m": np.eye(23)}
LABELS = np.arange(23)


def records() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((FEATURES, LABELS))


def listed(dataset: tf.data.Dataset) -> list[Any]:
    return [tf.nest.map_structure(lambda value: value.numpy().tolist(), element) for element in dataset]


MADE: dict[str, Callable[[], tf.data.Dataset]] = {
    "batch": lambda: records().batch(5),
    "dropped": lambda: records().batch(5, drop_remainder=True),
    "shuffled": lambda: records().shuffle(7, seed=3).repeat(2).batch(4),
    "once": lambda: records().shuffle(30, seed=3, reshuffle_each_iteration=False).repeat(3).batch(4).prefetch(2),
    "cut": lambda: records().skip(2).take(15).repeat().batch(6).take(7),
    "features alone": lambda: tf.data.Dataset.from_tensor_slices(FEATURES).shuffle(9, seed=1).batch(3).repeat(2),
}


@pytest.mark.parametrize("name", MADE)
def test_the_elements_are_the_same(name: str) -> None:
    made = MADE[name]()
    found = by_index(made)
    assert found is not made
    assert found.element_spec == made.element_spec
    assert listed(found) == listed(made)


def test_without_a_seed_every_element_comes_once() -> None:
    found = listed(by_index(records().shuffle(23).batch(5)))
    assert sorted(label for _, labels in found for label in labels) == LABELS.tolist()
    assert found != listed(records().batch(5))


def test_a_global_seed_keeps_its_own_order() -> None:
    tf.random.set_seed(4)
    made = records().shuffle(9, seed=2).batch(5)
    assert listed(by_index(made)) == listed(made)
    tf.random.set_seed(5)
    assert by_index(made) is made


@pytest.mark.parametrize(
    "make",
    [
        lambda: records().map(lambda features, label: (features, label)).batch(5),
        lambda: records().filter(lambda features, label: label > 3).batch(5),
        lambda: tf.data.Dataset.range(9).batch(3),
        records,
        lambda: tf.data.Dataset.from_tensor_slices(tf.sparse.eye(4)).batch(2),
        lambda: records().padded_batch(4),
    ],
)
def test_others_stay_as_they_are(make: Callable[[], tf.data.Dataset]) -> None:
    made = make()
    assert by_index(made) is made
