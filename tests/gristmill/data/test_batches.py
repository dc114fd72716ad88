"""Batches from arrays in memory."""

from itertools import chain
from typing import Any

import numpy as np
import pytest

from gristmill.data.batches import Batches
from gristmill.errors import InputError

FEATURES = {"one": np.arange(7), "list": np.arange(14).reshape(7, 2)}
LABELS = np.arange(7) * 10


def passes(count: int, **options: Any) -> list[list[list[int]]]:
    """The labels of each batch, pass by pass."""
    data = Batches(FEATURES, LABELS, 3, **options)
    return [[label.numpy().tolist() for _, label in data(epoch)] for epoch in range(count)]


def test_rows_come_in_order_and_whole() -> None:
    assert passes(2) == [[[0, 10, 20], [30, 40, 50], [60]]] * 2


def test_a_last_batch_that_is_not_full_can_be_left_out() -> None:
    assert passes(1, drop_remainder=True) == [[[0, 10, 20], [30, 40, 50]]]


def test_features_stay_beside_their_labels() -> None:
    for features, label in Batches(FEATURES, LABELS, 3, seed=1)():
        np.testing.assert_array_equal(features["one"] * 10, label)
        np.testing.assert_array_equal(features["list"][:, 1] * 5 - 5, label)


def test_each_pass_is_shuffled_anew_and_the_seed_decides_how() -> None:
    first, second = passes(2, seed=3)
    assert first != second
    assert sorted(chain(*first)) == sorted(chain(*second)) == LABELS.tolist()
    assert passes(2, seed=3) == [first, second]
    assert passes(2, seed=4) != [first, second]


@pytest.mark.parametrize(("drop", "count"), [(False, 3), (True, 2)])
def test_an_epoch_goes_on_from_any_batch(drop: bool, count: int) -> None:
    data = Batches(FEATURES, LABELS, 3, seed=3, drop_remainder=drop)
    whole = [label.numpy().tolist() for _, label in data(4)]
    assert len(data) == len(whole) == count
    for start in range(count + 1):
        assert [label.numpy().tolist() for _, label in data(4, start)] == whole[start:]


def test_rows_that_differ_in_number_are_refused() -> None:
    with pytest.raises(InputError, match=r"same number of rows. Received: .*'one': 7.*'labels': 6"):
        Batches(FEATURES, LABELS[:6], 3)
