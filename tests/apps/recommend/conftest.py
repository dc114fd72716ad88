"""Made events and datasets: a few users whose every event is known, and a checkerboard of users and items."""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from apps.recommend.events import Events
from gristmill.data.manifest import TableEntry
from gristmill.data.plan import SPLITS
from gristmill.errors import unknown_name
from gristmill.schema import Feature, Schema

COLOURED = 8
"""Items of each colour; the even ones have the indices 1, 3, ... and the odd ones 2, 4, ..."""


class MadeDataset:
    """A dataset in memory, with what a recommender reads of one."""

    def __init__(
        self,
        records: Mapping[str, pa.Table],
        vocabularies: Mapping[str, list[str]],
        tables: Mapping[str, tuple[Schema, pa.Table]],
    ) -> None:
        self.records, self.vocabularies, self.tables = records, vocabularies, tables
        entries = {
            name: TableEntry.model_construct(record_schema=schema, file=None) for name, (schema, _) in tables.items()
        }
        self.manifest = SimpleNamespace(tables=entries, info={})

    def read(self, split: str) -> pa.Table:
        return self.records[split]

    def vocabulary(self, name: str) -> list[str]:
        if name not in self.vocabularies:
            raise unknown_name("vocabulary", name, self.vocabularies)
        return self.vocabularies[name]

    def table(self, name: str) -> pa.Table:
        return self.tables[name][1]


@pytest.fixture(scope="session")
def make_events() -> Callable[..., Events]:
    """Makes events from the items (by index) of each user; a user's last fifth stands in the test split."""

    def make(
        histories: Sequence[Sequence[int]],
        items: int = 0,
        times: Sequence[Sequence[int]] | None = None,
        ratings: Sequence[Sequence[float]] | None = None,
    ) -> Events:
        lengths = [len(history) for history in histories]
        item = np.concatenate([np.array(history, np.int32) for history in histories])
        size = items or int(item.max())
        time = np.concatenate([np.arange(n) for n in lengths]) if times is None else np.concatenate(times)
        places = np.concatenate([np.arange(n) / n for n in lengths])
        return Events(
            user=np.repeat(np.arange(1, len(histories) + 1, dtype=np.int32), lengths),
            item=item,
            rating=None if ratings is None else np.concatenate(ratings).astype(np.float32),
            time=time.astype(np.int64),
            split=np.digitize(places, [0.6, 0.8]).astype(np.int8),
            users=tuple(f"u{u + 1}" for u in range(len(histories))),
            items=tuple(f"i{i + 1}" for i in range(size)),
        )

    return make


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., MadeDataset]:
    """Makes a dataset that holds events, and side tables given as (features, columns) by name."""

    def make(
        events: Events,
        tables: Mapping[str, tuple[Sequence[Feature], Mapping[str, Any]]] | None = None,
        vocabularies: Mapping[str, list[str]] | None = None,
    ) -> MadeDataset:
        position = np.concatenate([np.arange(len(history)) for history in events.histories])
        columns: dict[str, Any] = {
            "user": np.array(events.users)[events.user - 1],
            "item": np.array(events.items)[events.item - 1],
            "time": events.time,
            "position": position,
        }
        if events.rating is not None:
            columns["rating"] = events.rating
        scrambled = np.random.default_rng(0).permutation(len(position))
        table = pa.table({name: pa.array(values) for name, values in columns.items()}).take(scrambled)
        split = events.split[scrambled]
        records = {name: table.filter(pa.array(split == index)) for index, name in enumerate(SPLITS)}
        terms = {"user": list(events.users), "item": list(events.items), **(vocabularies or {})}
        sides = {
            name: (Schema(features=tuple(features)), pa.table(dict(side)))
            for name, (features, side) in (tables or {}).items()
        }
        return MadeDataset(records, terms, sides)

    return make


@pytest.fixture(scope="session")
def checkerboard(make_events: Callable[..., Events]) -> Events:
    """Users who have met every item of one colour and none of the other, each in an order of their own."""
    random = np.random.default_rng(1)
    histories = [1 + user % 2 + 2 * random.permutation(COLOURED) for user in range(60)]
    return make_events(histories, items=2 * COLOURED)
