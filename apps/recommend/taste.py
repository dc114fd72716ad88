"""What a user's rated history says about a candidate: four numbers, from earlier events only.

user_rate       share of liked events in the user's history, smoothed to the overall share
genre_affinity  how much more the user likes the candidate's genres than the rest
item_rate       share of liked events among the candidate's in training, smoothed
item_count      log of the candidate's number of events in training
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.recommend.events import Events

__all__ = ["ItemStatistics", "STATISTICS", "taste_statistics"]

STATISTICS = ("user_rate", "genre_affinity", "item_rate", "item_count")
USER_PRIOR = 5.0
ITEM_PRIOR = 10.0
GENRE_PRIOR = 5.0
"""Events that the prior counts for."""


@dataclass(frozen=True)
class ItemStatistics:
    """Counts over the training events, by item index, and the overall share of liked ones."""

    share: float
    liked: NDArray[np.float64]
    count: NDArray[np.float64]
    genres: NDArray[np.float64]
    """1 where an item has a genre, `[items + 1, genres]`."""

    @classmethod
    def of(cls, events: Events, liked: NDArray[np.float32], genres: NDArray[np.float64]) -> "ItemStatistics":
        """Counts the training events."""
        train = events.split == 0
        size = len(events.items) + 1
        return cls(
            share=float(liked[train].mean()),
            liked=np.bincount(events.item[train], liked[train], size).astype(np.float64),
            count=np.bincount(events.item[train], minlength=size).astype(np.float64),
            genres=genres,
        )

    def item_rate(self, liked: NDArray[np.float64], count: NDArray[np.float64]) -> NDArray[np.float64]:
        """Smoothed share of liked events."""
        return (liked + ITEM_PRIOR * self.share) / (count + ITEM_PRIOR)


def taste_statistics(
    events: Events, liked: NDArray[np.float32], statistics: ItemStatistics
) -> dict[str, NDArray[np.float32]]:
    """The four numbers of every event, `[events]` each.

    Nothing looks ahead or at the event itself: of the user, a training event sees strictly earlier training events (those
    of the same second are read together), and held-out events see the state at the end of training; of the item, a
    training event sees all other training events.
    """
    train = events.split == 0
    own = np.where(train, 1.0, 0.0)
    item_liked = statistics.liked[events.item] - liked * own
    item_count = statistics.count[events.item] - own
    user_rate, affinity = np.zeros(len(liked)), np.zeros(len(liked))
    for start, stop in zip(events.starts[:-1], events.starts[1:], strict=True):
        if stop > start:
            part = slice(start, stop)
            user_rate[part], affinity[part] = _of_user(
                events.item[part], events.time[part], liked[part], train[part], statistics
            )
    made = {
        "user_rate": user_rate,
        "genre_affinity": affinity,
        "item_rate": statistics.item_rate(item_liked, item_count),
        "item_count": np.log1p(item_count),
    }
    return {name: values.astype(np.float32) for name, values in made.items()}


def _of_user(
    items: NDArray[np.int32],
    times: NDArray[np.int64],
    liked: NDArray[np.float32],
    train: NDArray[np.bool_],
    statistics: ItemStatistics,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`user_rate` and `genre_affinity` of one user's events, by running sums up to each event's own second."""
    genres = statistics.genres[items]
    seen = np.cumsum(np.vstack([np.zeros(genres.shape[1] + 1), np.column_stack([np.ones(len(items)), genres])]), axis=0)
    weighted = np.column_stack([np.ones(len(items)), genres]) * liked[:, None]
    likes = np.cumsum(np.vstack([np.zeros(genres.shape[1] + 1), weighted]), axis=0)
    known = np.where(train, np.searchsorted(times, times, side="left"), int(train.sum()))
    known = np.minimum(known, int(train.sum()))
    return affinity_of(seen[known], likes[known], genres, statistics.share)


def affinity_of(
    seen: NDArray[np.float64], likes: NDArray[np.float64], genres: NDArray[np.float64], share: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The user's numbers for candidates.

    Args:
        seen: Events in the history and, by genre, events with it, `[candidates, 1 + genres]`.
        likes: The same of liked events.
        genres: 1 where a candidate has a genre, `[candidates, genres]`.
        share: The overall share of liked events.
    """
    rate = (likes[:, 0] + USER_PRIOR * share) / (seen[:, 0] + USER_PRIOR)
    number = np.maximum(genres.sum(axis=1), 1)
    surplus = ((likes[:, 1:] - rate[:, None] * seen[:, 1:]) * genres).sum(axis=1) / number
    known = (seen[:, 1:] * genres).sum(axis=1) / number
    return rate, surplus / (known + GENRE_PRIOR)
