"""Packing: every pair once, whole, with its begin and end, and the rest counted."""

import re
from collections import Counter

import numpy as np
import pytest

from apps.translation.model import Batch, PackedBatches, Pairs
from gristmill.errors import InputError


def ids(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


def made(count: int) -> Pairs:
    random = np.random.default_rng(4)
    sides = [[random.integers(5, 99, random.integers(0, 9)).astype(np.int32) for _ in range(count)] for _ in range(2)]
    return Pairs(*sides)


def read(batch: Batch) -> list[tuple[tuple[int, ...], ...]]:
    """The pairs in a batch: source, target and wanted as they stand there."""
    found = []
    for row in range(len(batch.source)):
        for segment in range(1, batch.source_segments[row].max() + 1):
            own, other = batch.source_segments[row] == segment, batch.target_segments[row] == segment
            assert batch.source_places[row][own].tolist() == list(range(own.sum()))
            assert batch.target_places[row][other].tolist() == list(range(other.sum()))
            parts = batch.source[row][own], batch.target[row][other], batch.wanted[row][other]
            found.append(tuple(tuple(part.tolist()) for part in parts))
    return found


def test_a_pair_in_its_row() -> None:
    (batch,) = PackedBatches(Pairs([ids(5, 6)], [ids(7)]), [4], 4, seed=0)(0)
    assert batch.source.tolist() == [[5, 6, 2, 0]]
    assert batch.source_segments.tolist() == [[1, 1, 1, 0]]
    assert batch.source_places.tolist() == [[0, 1, 2, 0]]
    assert batch.target.tolist() == [[1, 7, 0, 0]]
    assert batch.wanted.tolist() == [[7, 2, 0, 0]]


def test_every_pair_stands_in_an_epoch_once() -> None:
    pairs = made(200)
    batches = list(PackedBatches(pairs, [6, 10], 40, seed=0)(0))
    wanted = Counter(
        ((*s.tolist(), 2), (1, *t.tolist()), (*t.tolist(), 2)) for s, t in zip(pairs.source, pairs.target, strict=True)
    )
    assert Counter(pair for batch in batches for pair in read(batch)) == wanted
    assert {batch.source.shape for batch in batches} == {(6, 6), (4, 10)}


def test_rows_are_nearly_full() -> None:
    batches = list(PackedBatches(made(400), [32], 320, seed=0)(0))
    assert np.mean([batch.source > 0 for batch in batches[:-1]]) > 0.8


def test_an_epoch_goes_on_from_any_batch_and_differs_from_the_next() -> None:
    batches = PackedBatches(made(100), [10], 40, seed=0)
    whole, rest, other = list(batches(1)), list(batches(1, 2)), list(batches(2))
    assert len(whole) == batches.count(1)
    for first, second in zip(whole[2:], rest, strict=True):
        np.testing.assert_array_equal(first.source, second.source)
    assert any((first.source != second.source).any() for first, second in zip(whole, other, strict=False))


def test_pairs_too_long_are_left_out_and_counted() -> None:
    batches = PackedBatches(Pairs([ids(5), ids(5, 6, 7, 8)], [ids(5), ids(5)]), [4], 4, seed=0)
    assert batches.left_out == 1
    assert sum(len(read(batch)) for batch in batches(0)) == 1


def test_what_cannot_be_packed_is_refused() -> None:
    with pytest.raises(InputError, match=re.escape("`source` and `target` must have the same number of sentences")):
        Pairs([ids(5)], [])
    with pytest.raises(InputError, match="a pair must fit into 4 pieces"):
        PackedBatches(Pairs([ids(5, 6, 7, 8)], [ids(5)]), [4], 4, seed=0)
    with pytest.raises(InputError, match="`lengths` must ascend"):
        PackedBatches(Pairs([ids(5)], [ids(5)]), [8, 4], 4, seed=0)
