"""One partition's records: duplicates, order, and the split, whatever the order in which they came."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.data.plan import HashSplit, Source, TimeSplit
from gristmill.schema import Feature, Schema
from pipelines.arrange import FILE, Arranged, arrange, split_schema
from pipelines.sources import POSITION
from pipelines.spill import load_parts, spill

SCHEMA = Schema.model_validate(
    {"features": [{"name": "user", "kind": "id"}, {"name": "item", "kind": "id"}, {"name": "time", "kind": "time"}]}
)
BY_TIME = TimeSplit(key="user", order_by=("time", "item"))
FILES = ["a.csv", "b.csv"]


def source(*unique: str) -> Source:
    return Source(name="events", paths=("a.csv", "b.csv"), record_schema=SCHEMA, unique=unique)


def events(rows: list[tuple[str, str, int]], file: int = 0) -> pa.Table:
    columns = {name: [row[i] for row in rows] for i, name in enumerate(SCHEMA.names)}
    made = pa.table({POSITION: np.arange(2, len(rows) + 2), **columns})
    return made.append_column(FILE, pa.array([file] * len(rows), pa.int32()))


def rows_of(arranged: Arranged, split: str, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(arranged.splits[split].column(name).to_pylist() for name in names), strict=True))


def parted(folder: Path, table: pa.Table, count: int) -> list[pa.Table]:
    """The partitions of a table by user, as they come back from the disk."""
    parts = spill(folder, 0, table.drop_columns([FILE]).to_batches(), "user", count)
    made = []
    for part in parts.values():
        ((_, batch),) = load_parts(folder, [part])
        assert batch.num_rows == part.rows
        made.append(pa.Table.from_batches([batch]).append_column(FILE, pa.array([0] * part.rows, pa.int32())))
    return made


def test_later_duplicates_are_set_aside_with_a_pointer_to_the_first() -> None:
    first = events([("u", "i", 1), ("u", "j", 1), ("u", "i", 1)])
    second = events([("u", "j", 1), ("u", "i", 2)], file=1)
    made = arrange(pa.concat_tables([second, first]), source("user", "item", "time"), None, FILES)
    assert rows_of(made, "events", "user", "item", "time") == [("u", "i", 1), ("u", "j", 1), ("u", "i", 2)]
    assert made.by_file == {"events": {0: 2, 1: 1}}
    rule = "`user`, `item`, `time` must be unique. The same stands at "
    assert made.duplicates == ((0, 4, rule + "a.csv:2"), (1, 2, rule + "a.csv:3"))


def test_nulls_and_lists_are_values_too() -> None:
    table = pa.table(
        {
            POSITION: [1, 2, 3, 4],
            "user": [None, None, "", "None"],
            "item": [["a", "b"], ["a", "b"], ["a"], ["a", "b"]],
            FILE: pa.array([0] * 4, pa.int32()),
        }
    )
    made = arrange(table, source("user", "item"), None, FILES)
    assert [position for _, position, _ in made.duplicates] == [2]


def test_a_split_by_time_gives_each_user_first_eighty_percent_to_training() -> None:
    table = events([("u", f"i{n}", 100 - n) for n in range(10)] + [("v", "i", 5)])
    made = arrange(table, source(), BY_TIME, FILES)
    assert sorted(rows_of(made, "train", "user", "time", "position", "key_records")) == [
        *(("u", 91 + n, n, 10) for n in range(8)),
        ("v", 5, 0, 1),
    ]
    assert rows_of(made, "validation", "item", "position") == [("i1", 8)]
    assert rows_of(made, "test", "item", "position") == [("i0", 9)]


@pytest.mark.parametrize(
    ("fractions", "sizes"),
    [((1, 0, 0), [10, 0, 0]), ((0, 0, 1), [0, 0, 10]), ((0.5, 0, 0.5), [5, 0, 5]), ((0.6, 0.2, 0.2), [6, 2, 2])],
)
def test_fractions_are_exact(fractions: tuple[float, float, float], sizes: list[int]) -> None:
    split = TimeSplit(key="user", order_by=("time",), fractions=fractions)
    made = arrange(events([("u", "i", n) for n in range(10)]), source(), split, FILES)
    assert [made.splits[name].num_rows for name in ("train", "validation", "test")] == sizes


def test_equal_times_are_ordered_by_item_and_numbers_by_their_value() -> None:
    table = events([("u", item, 1) for item in ("10", "9", "b", "2", "a", "02")])
    split = TimeSplit(key="user", order_by=("time", "item"), fractions=(1, 0, 0))
    made = arrange(table, source(), split, FILES)
    in_order = sorted(rows_of(made, "train", "position", "item"))
    assert [item for _, item in in_order] == ["02", "2", "9", "10", "a", "b"]


def test_users_whose_numbers_are_equal_stay_apart() -> None:
    table = events([("7", "i", 1), ("07", "i", 2), ("7", "i", 3), ("07", "i", 4), ("007", "i", 5)])
    split = TimeSplit(key="user", order_by=("time",), fractions=(1, 0, 0))
    made = arrange(table, source(), split, FILES)
    assert sorted(rows_of(made, "train", "user", "time", "position", "key_records")) == [
        ("007", 5, 0, 1),
        ("07", 2, 0, 2),
        ("07", 4, 1, 2),
        ("7", 1, 0, 2),
        ("7", 3, 1, 2),
    ]


_EVENTS = st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from(["1", "2", "10"]), st.integers(0, 3)), max_size=25)


@settings(max_examples=60, deadline=None)
@given(
    rows=_EVENTS,
    random=st.randoms(use_true_random=False),
    split=st.sampled_from([BY_TIME, HashSplit(key="user"), None]),
)
def test_the_order_in_which_records_come_changes_nothing(rows: list[Any], random: Any, split: Any) -> None:
    table = events(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    unique = source("user", "item", "time")
    one = arrange(table, unique, split, FILES)
    other = arrange(table.take(pa.array(order, pa.int64())), unique, split, FILES)
    assert one.duplicates == other.duplicates
    assert one.splits.keys() == other.splits.keys()
    assert all(one.splits[name].equals(other.splits[name]) for name in one.splits)
    assert sum(part.num_rows for part in one.splits.values()) + len(one.duplicates) == len(rows)


@settings(max_examples=40, deadline=None)
@given(rows=_EVENTS.filter(bool), count=st.integers(1, 7))
def test_partitions_hold_every_record_once_and_each_user_in_one(
    rows: list[Any], count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    parts = parted(tmp_path_factory.getbasetemp(), events(rows), count)
    assert sorted(row for part in parts for row in part.column(POSITION).to_pylist()) == list(range(2, len(rows) + 2))
    assert all(part.column(POSITION).to_pylist() == sorted(part.column(POSITION).to_pylist()) for part in parts)
    users = [set(part.column("user").to_pylist()) for part in parts]
    assert sum(map(len, users)) == len(set().union(*users))


def test_a_split_by_hash_stays_when_data_is_added_or_resharded(tmp_path: Path) -> None:
    split = HashSplit(key="user", fractions=(0.5, 0.25, 0.25))
    users = [f"user{n}" for n in range(400)]

    def placed(rows: list[tuple[str, str, int]], count: int) -> dict[str, str]:
        made: dict[str, str] = {}
        for part in parted(tmp_path, events(rows), count):
            arranged = arrange(part, source(), split, FILES)
            for name, table in arranged.splits.items():
                for user in table.column("user").to_pylist():
                    assert made.setdefault(user, name) == name
        return made

    before = placed([(user, "i", 1) for user in users], 1)
    after = placed([(user, item, 1) for user in [*reversed(users), "new"] for item in "ab"], 5)
    assert {user: after[user] for user in users} == before
    sizes = [list(before.values()).count(name) for name in ("train", "validation", "test")]
    assert abs(sizes[0] - 200) < 40
    assert abs(sizes[1] - 100) < 40


def test_a_split_is_in_an_order_that_looks_drawn_by_chance() -> None:
    rows = [(f"user{n}", "i", n) for n in range(100)]
    for split in (
        HashSplit(key="user", fractions=(1, 0, 0)),
        TimeSplit(key="user", order_by=("time",), fractions=(0, 0, 1)),
    ):
        splits = arrange(events(rows), source(), split, FILES).splits
        found = splits["train" if isinstance(split, HashSplit) else "test"].column("time").to_numpy()
        assert set(found.tolist()) <= set(range(100))
        assert abs(float(np.corrcoef(found, np.arange(len(found)))[0, 1])) < 0.3


def test_what_repeats_a_record_of_the_dataset_is_a_duplicate() -> None:
    known = pa.table({"user": ["u", "w"], "item": ["i", "i"]})
    made = arrange(events([("v", "i", 1), ("u", "i", 2), ("v", "i", 3)]), source("user", "item"), None, FILES, known)
    rule = "`user`, `item` must be unique. The same stands "
    assert made.duplicates == ((0, 3, rule + "in the dataset already"), (0, 4, rule + "at a.csv:2"))
    assert rows_of(made, "events", "user", "time") == [("v", 1)]


def test_a_split_by_time_adds_its_features_to_the_schema() -> None:
    assert split_schema(SCHEMA, BY_TIME).names == (*SCHEMA.names, "position", "key_records")
    assert split_schema(SCHEMA, HashSplit(key="user")) is SCHEMA
    assert isinstance(split_schema(SCHEMA, BY_TIME)["position"], Feature)
