"""Made events with eight columns of every common kind, as CSV, and the plan that ingests them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from gristmill.data.plan import HashSplit, IngestPlan, Layout, Source
from gristmill.schema import Feature, Kind, Schema

__all__ = ["SCHEMA", "make_csv", "make_plan", "make_table"]

SCHEMA = Schema(
    features=(
        Feature(name="user", kind=Kind.ID),
        Feature(name="item", kind=Kind.ID),
        Feature(name="category", kind=Kind.CATEGORY),
        Feature(name="price", kind=Kind.NUMBER, minimum=0),
        Feature(name="score", kind=Kind.NUMBER),
        Feature(name="rate", kind=Kind.NUMBER, minimum=0, maximum=1),
        Feature(name="count", kind=Kind.NUMBER, dtype="int64"),
        Feature(name="time", kind=Kind.TIME),
    )
)
_BLOCK_ROWS = 1 << 20


def make_table(rows: int, users: int, seed: int) -> pa.Table:
    """Events of up to `users` users with 5,000 items, drawn with a seed."""
    random = np.random.default_rng(seed)

    def named(letter: str, numbers: np.ndarray, count: int) -> pa.Array:
        names = pa.array([f"{letter}{n}" for n in range(count)])
        return names.take(pa.array(numbers))

    return pa.table(
        {
            "user": named("u", random.integers(users, size=rows), users),
            "item": named("i", (5000 * random.random(rows) ** 2).astype(np.int64), 5000),
            "category": named("c", random.integers(20, size=rows), 20),
            "price": np.round(random.gamma(2, 10, rows), 2),
            "score": np.round(random.normal(size=rows), 3),
            "rate": np.round(random.random(rows), 3),
            "count": random.integers(0, 1000, rows),
            "time": 1_000_000_000 + random.integers(0, 500_000_000, rows),
        }
    )


def make_csv(path: Path, rows: int) -> Path:
    """Writes `rows` events of `rows` / 100 users, a block at a time."""
    users, seed, left = max(1, rows // 100), 0, rows
    writer = None
    with open(path, "wb") as file:
        while left or writer is None:
            table = make_table(min(left, _BLOCK_ROWS), users, seed)
            if writer is None:
                writer = csv.CSVWriter(file, table.schema, write_options=csv.WriteOptions(quoting_style="none"))
            writer.write_table(table)
            left, seed = left - table.num_rows, seed + 1
        writer.close()
    return path


def make_plan(path: Path, layout: Layout | None = None) -> IngestPlan:
    """Checks every column, splits by user, counts vocabularies."""
    return IngestPlan(
        app="bench",
        records=Source(name="events", paths=(str(path),), record_schema=SCHEMA),
        split=HashSplit(key="user"),
        layout=layout or Layout(),
    )
