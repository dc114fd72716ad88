"""Events: their order, and what is known and what is hidden when a split is guessed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from apps.recommend.events import Events
from gristmill.errors import InputError

HISTORIES = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 1], [3, 2, 1, 9, 8]]
"""The second user is too short to be judged."""


@pytest.fixture
def events(make_events: Callable[..., Events]) -> Events:
    return make_events(HISTORIES, times=[[0, 1, 2, 3, 4, 4], [0, 0, 0, 0], [5, 5, 6, 6, 7]])


def test_events_of_all_splits_are_put_in_order(
    make_events: Callable[..., Events], make_dataset: Callable[..., Any]
) -> None:
    events = make_events(HISTORIES, ratings=[[1, 2, 3, 4, 5, 6], [7, 8, 9, 1], [3, 2, 1, 9, 8]])
    read = Events.read(make_dataset(events))
    for name in ("user", "item", "rating", "time", "split"):
        np.testing.assert_array_equal(getattr(read, name), getattr(events, name))
    assert (read.users, read.items) == (events.users, events.items)
    assert read.rating is not None and (read.rating == read.item).all()


def test_events_without_ratings_have_none(events: Events, make_dataset: Callable[..., Any]) -> None:
    assert Events.read(make_dataset(events)).rating is None


def test_a_dataset_is_read_once(events: Events, make_dataset: Callable[..., Any]) -> None:
    dataset = make_dataset(events)
    assert Events.load(dataset) is Events.load(dataset)


def test_histories_are_the_users_in_turn(events: Events) -> None:
    assert [history.tolist() for history in events.histories] == HISTORIES
    assert events.starts.tolist() == [0, 6, 10, 15]


@pytest.mark.parametrize(
    ("split", "targets", "histories"),
    [
        ("test", [6, 8], [[1, 2, 3, 4, 5], [3, 2, 1, 9]]),
        ("validation", [5, 9], [[1, 2, 3, 4], [3, 2, 1]]),
        ("train", [4, 1], [[1, 2, 3], [3, 2]]),
    ],
)
def test_each_split_guesses_the_event_behind_what_is_known(
    events: Events, split: str, targets: list[int], histories: list[list[int]]
) -> None:
    held_out = events.held_out(split)
    assert held_out.users.tolist() == [0, 2]
    assert held_out.targets.tolist() == targets
    assert [history.tolist() for history in held_out.histories] == histories


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_what_is_to_be_guessed_is_not_known(events: Events, split: str) -> None:
    held_out, known = events.held_out(split), events.known(split)
    for user, target, history in zip(held_out.users, held_out.targets, held_out.histories, strict=True):
        assert target not in known[user]
        assert known[user].tolist() == history.tolist()


def test_of_a_user_who_is_not_judged_nothing_is_hidden(events: Events) -> None:
    assert all(events.known(split)[1].tolist() == HISTORIES[1] for split in ("train", "validation", "test"))


def test_a_target_in_the_second_of_the_event_before_it_is_tied(events: Events) -> None:
    assert events.held_out("test").tied.tolist() == [True, False]
    assert events.held_out("validation").tied.tolist() == [False, True]


def test_an_unknown_split_gets_the_nearest(events: Events) -> None:
    for action in (events.known, events.held_out):
        with pytest.raises(InputError, match="unknown split 'tset'; did you mean 'test'"):
            action("tset")


def test_where_no_user_can_be_judged_that_is_said(make_events: Callable[..., Events]) -> None:
    with pytest.raises(InputError, match=r"at least 5 events.*Received: 7 events of 2 users"):
        make_events([[1, 2, 3, 4], [1, 2, 3]]).held_out("test")
