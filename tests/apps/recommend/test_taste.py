"""The four numbers of taste against a slow plain loop that says the rule."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.recommend.events import Events
from apps.recommend.taste import GENRE_PRIOR, ITEM_PRIOR, STATISTICS, USER_PRIOR, ItemStatistics, taste_statistics

ITEMS = 5
GENRES = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0], [1, 1, 1]], float)
EVENT = st.tuples(st.integers(1, ITEMS), st.integers(0, 3), st.booleans())
USERS = st.lists(st.lists(EVENT, min_size=2, max_size=9), min_size=1, max_size=4)


def plain(events: Events, liked: np.ndarray) -> dict[str, list[float]]:
    """Event by event: what was known of user and item, without the event itself and all that came later."""
    train = np.flatnonzero(events.split == 0)
    share = liked[train].mean()
    made: dict[str, list[float]] = {name: [] for name in STATISTICS}
    for event in range(len(liked)):
        training = event in train
        past = [e for e in train if events.user[e] == events.user[event]]
        if training:
            past = [e for e in past if events.time[e] < events.time[event]]
        rate = (liked[past].sum() + USER_PRIOR * share) / (len(past) + USER_PRIOR)
        genres = np.flatnonzero(GENRES[events.item[event]])
        alike = [(e, g) for e in past for g in genres if GENRES[events.item[e], g]]
        surplus = sum(liked[e] - rate for e, _ in alike) / max(len(genres), 1)
        known = len(alike) / max(len(genres), 1)
        others = [e for e in train if events.item[e] == events.item[event] and e != event]
        made["user_rate"].append(rate)
        made["genre_affinity"].append(surplus / (known + GENRE_PRIOR))
        made["item_rate"].append((liked[others].sum() + ITEM_PRIOR * share) / (len(others) + ITEM_PRIOR))
        made["item_count"].append(np.log(1 + len(others)))
    return made


def numbers(events: Events, liked: np.ndarray) -> dict[str, np.ndarray]:
    return taste_statistics(events, liked, ItemStatistics.of(events, liked, GENRES))


@settings(max_examples=60, deadline=None)
@given(USERS)
def test_the_numbers_equal_the_plain_rule(make_events: Callable[..., Events], users: list[list[Any]]) -> None:
    users = [sorted(user, key=lambda event: event[1]) for user in users]
    items, times, likes = ([[event[part] for event in user] for user in users] for part in range(3))
    events = make_events(items, items=ITEMS, times=times)
    liked = np.concatenate(likes).astype(np.float32)
    made, expected = numbers(events, liked), plain(events, liked)
    assert tuple(made) == STATISTICS
    for name in STATISTICS:
        assert made[name].dtype == np.float32
        np.testing.assert_allclose(made[name], expected[name], rtol=1e-5, atol=1e-6)


@pytest.fixture
def events(make_events: Callable[..., Events]) -> Events:
    return make_events([[1, 2, 3, 1, 2], [1, 2, 4, 5, 3]], items=ITEMS, times=[[0, 1, 1, 2, 3], [0, 1, 2, 3, 4]])


def test_no_label_leaks_into_its_own_event(events: Events) -> None:
    """Turning one label round changes no number of that event but the overall share's part in it."""
    liked = np.array([1, 0, 1, 0, 1, 0, 1, 0, 1, 0], np.float32)
    statistics = ItemStatistics.of(events, liked, GENRES)
    for event in range(len(liked)):
        turned = liked.copy()
        turned[event] = 1 - turned[event]
        counted = ItemStatistics.of(events, turned, GENRES)
        same_share = ItemStatistics(statistics.share, counted.liked, counted.count, GENRES)
        before, after = taste_statistics(events, liked, statistics), taste_statistics(events, turned, same_share)
        for name in STATISTICS:
            assert before[name][event] == after[name][event]


def test_labels_that_are_held_out_change_nothing(events: Events) -> None:
    liked = np.array([1, 0, 1, 0, 1, 0, 1, 0, 1, 0], np.float32)
    before, after = numbers(events, liked), numbers(events, np.where(events.split == 0, liked, 1 - liked))
    for name in STATISTICS:
        np.testing.assert_array_equal(before[name], after[name])


def test_the_first_event_of_a_user_knows_the_overall_share_only(events: Events) -> None:
    liked = np.array([1, 0, 1, 0, 1, 0, 1, 1, 1, 0], np.float32)
    made = numbers(events, liked)
    assert made["user_rate"][0] == made["user_rate"][5] == pytest.approx(liked[events.split == 0].mean())
    assert made["genre_affinity"][0] == made["genre_affinity"][5] == 0
