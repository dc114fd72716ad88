"""Every user's events in order, as index arrays, and the cut between what is known and what is to be guessed."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.data.dataset import Dataset
from gristmill.data.plan import SPLITS
from gristmill.errors import InputError, unknown_name

__all__ = ["Events", "HeldOut"]

_SHORTEST = 5
"""Events a user must have to be judged."""
_HIDDEN = {"test": 1, "validation": 2, "train": 3}
"""How many of a user's last events are hidden when that split is guessed; the first hidden one is the target."""


@dataclass(frozen=True)
class HeldOut:
    """One guess a user: which item comes next after this history?"""

    users: NDArray[np.int64]
    """Index of each judged user."""
    histories: list[NDArray[np.int32]]
    """Items before the target, oldest first."""
    targets: NDArray[np.int32]
    tied: NDArray[np.bool_]
    """Whether the target has the same second as the event before it, so that only the item id orders them."""


@dataclass(frozen=True)
class Events:
    """All events, sorted by user and order. Indices count from 1; 0 stands for padding and unknown."""

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    rating: NDArray[np.float32] | None
    time: NDArray[np.int64]
    split: NDArray[np.int8]
    """0 train, 1 validation, 2 test: the user's first 80%, the next 10%, the last 10%."""
    users: tuple[str, ...]
    items: tuple[str, ...]
    """Ids; index i stands at i - 1."""

    @classmethod
    def load(cls, dataset: Dataset) -> "Events":
        """Reads all splits of a dataset; those of the last ones are kept."""
        return _load(dataset)

    @classmethod
    def read(cls, dataset: Dataset) -> Self:
        """Reads all splits of a dataset."""
        tables = [dataset.read(split) for split in SPLITS]
        table = pa.concat_tables(tables)
        split = np.repeat(np.arange(len(tables), dtype=np.int8), [part.num_rows for part in tables])
        users, items = tuple(dataset.vocabulary("user")), tuple(dataset.vocabulary("item"))
        user, item = _indices(table.column("user"), users), _indices(table.column("item"), items)
        order = np.lexsort([table.column("position").to_numpy(), user])
        has_rating = "rating" in table.column_names
        return cls(
            user=user[order],
            item=item[order],
            rating=table.column("rating").to_numpy()[order] if has_rating else None,
            time=table.column("time").to_numpy()[order],
            split=split[order],
            users=users,
            items=items,
        )

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each user's events start, `[users + 1]`."""
        return np.searchsorted(self.user, np.arange(1, len(self.users) + 2))

    @cached_property
    def histories(self) -> list[NDArray[np.int32]]:
        """Items of each user, oldest first."""
        return np.split(self.item, self.starts[1:-1])

    def known(self, split: str) -> list[NDArray[np.int32]]:
        """What is known of each user when a split is guessed: all but the last one, two or three events.

        Of a user who is too short to be judged nothing is hidden.
        """
        hidden = self._hidden(split)
        return [items[:-hidden] if len(items) >= _SHORTEST else items for items in self.histories]

    def held_out(self, split: str) -> HeldOut:
        """The guesses of a split: leave-last-out over the users with at least 5 events.

        Raises:
            InputError: There is no such user.
        """
        hidden = self._hidden(split)
        users = np.flatnonzero(np.diff(self.starts) >= _SHORTEST)
        if not len(users):
            raise InputError(
                f"some user must have at least {_SHORTEST} events, or nothing can be judged. "
                f"Received: {len(self.item)} events of {len(self.users)} users"
            )
        histories = [self.histories[u][:-hidden] for u in users]
        places = self.starts[users + 1] - hidden
        return HeldOut(users, histories, self.item[places], self.time[places] == self.time[places - 1])

    @staticmethod
    def _hidden(split: str) -> int:
        if split not in _HIDDEN:
            raise unknown_name("split", split, _HIDDEN)
        return _HIDDEN[split]


@lru_cache(maxsize=2)
def _load(dataset: Dataset) -> Events:
    return Events.read(dataset)


def _indices(column: pa.ChunkedArray, terms: tuple[str, ...]) -> NDArray[np.int32]:
    found = pc.index_in(column, pa.array(terms, pa.string()))
    return (found.to_numpy() + 1).astype(np.int32)
