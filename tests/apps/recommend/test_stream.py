"""Training rows: every event once, in its user's order, with the right target, wherever the cuts fall."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.recommend.stream import Rows, left_padded, pack

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=12)


def histories(lengths: list[int]) -> list[np.ndarray]:
    """Items that tell user and place: 1000 * (user + 1) + place."""
    return [1000 * (user + 1) + np.arange(length, dtype=np.int32) for user, length in enumerate(lengths)]


def rows(lengths: list[int], window: int, multiple: int, seed: int) -> Rows:
    return pack(histories(lengths), window, multiple, np.random.default_rng(seed))


@given(LENGTHS, st.integers(2, 60), st.integers(1, 8), st.integers(0, 1000))
def test_every_event_stands_in_the_rows_once(lengths: list[int], window: int, multiple: int, seed: int) -> None:
    packed = rows(lengths, window, multiple, seed)
    assert sorted(packed.items[packed.items > 0]) == sorted(np.concatenate(histories(lengths)))
    assert all(part.shape == packed.items.shape and part.dtype == np.int32 for part in packed)
    assert packed.items.shape[1] == window
    assert len(packed.items) % multiple == 0


@given(LENGTHS, st.integers(2, 60), st.integers(1, 8), st.integers(0, 1000))
def test_user_place_and_target_belong_to_the_event(lengths: list[int], window: int, multiple: int, seed: int) -> None:
    packed = rows(lengths, window, multiple, seed)
    present = packed.items > 0
    user, place = packed.items[present] // 1000, packed.items[present] % 1000
    assert (packed.segments[present] == user).all()
    assert (packed.places[present] == place).all()
    last = place + 1 == np.array(lengths)[user - 1]
    assert (packed.targets[present] == np.where(last, 0, packed.items[present] + 1)).all()
    assert not any(part[~present].any() for part in packed)


@given(LENGTHS, st.integers(2, 60), st.integers(1, 8), st.integers(0, 1000))
def test_within_a_row_each_user_goes_on_without_a_gap(
    lengths: list[int], window: int, multiple: int, seed: int
) -> None:
    packed = rows(lengths, window, multiple, seed)
    for segments, places in zip(packed.segments, packed.places, strict=True):
        for user in np.unique(segments[segments > 0]):
            own = np.flatnonzero(segments == user)
            assert (np.diff(own) == 1).all()
            assert (np.diff(places[own]) == 1).all()


@given(LENGTHS, st.integers(2, 60), st.integers(1, 8))
def test_every_epoch_has_as_many_rows(lengths: list[int], window: int, multiple: int) -> None:
    assert len({rows(lengths, window, multiple, seed).items.shape for seed in range(5)}) == 1


def test_cuts_fall_elsewhere_in_every_epoch() -> None:
    starts = {tuple(sorted(rows([40], 8, 1, seed).items[:, 0].tolist())) for seed in range(50)}
    assert len(starts) == 8


def test_the_generator_decides_everything() -> None:
    first, again, other = (rows([9, 5, 7], 4, 2, seed) for seed in (1, 1, 2))
    assert (first.items == again.items).all()
    assert not (first.items == other.items).all()


@pytest.mark.parametrize(
    ("history", "expected"), [([], [0, 0, 0]), ([5], [0, 0, 5]), ([5, 6, 7], [5, 6, 7]), ([4, 5, 6, 7], [5, 6, 7])]
)
def test_the_last_events_stand_right(history: list[int], expected: list[int]) -> None:
    assert left_padded([np.array(history, np.int32)], 3).tolist() == [expected]
