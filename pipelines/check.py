"""Checks a block of records against the schema, column by column; a bad value costs its record only."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from gristmill.data.dataset import arrow_type
from gristmill.schema import Schema
from pipelines.casts import cast
from pipelines.sources import POSITION, Block

__all__ = ["Checked", "arrow_schema", "check", "raw_record"]


@dataclass(frozen=True)
class Checked:
    """The good records of a block, typed by the schema, and the others as (position, reason, the record as it came)."""

    batch: pa.RecordBatch
    rejected: tuple[tuple[int, str, bytes], ...]


def arrow_schema(schema: Schema) -> pa.Schema:
    """The Arrow schema of checked records: `POSITION` and the features under their own names."""
    return pa.schema([(POSITION, pa.int64()), *((f.name, arrow_type(f)) for f in schema.features)])


def check(block: Block, schema: Schema) -> Checked:
    """Casts every column to its feature's type and parts good records from bad.

    A record is bad where a value has the wrong type, lies outside the allowed range or values, is NaN or infinite, or is
    missing where the schema rejects missing values. The reason names every rule that the record breaks, and the value.
    """
    count = block.batch.num_rows
    reasons: dict[int, list[str]] = {}
    good = np.ones(count, bool)
    columns: list[pa.Array] = [block.batch.column(POSITION)]
    for feature in schema.features:
        came = block.batch.column(feature.source_column)
        made = cast(came, feature)
        bad = made.bad.to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(bad).tolist():
            reasons.setdefault(row, []).append(f"`{feature.name}` {made.rule}. Received: {_shown(came[row])}")
        good &= ~bad
        columns.append(made.values)
    rejected = block.rejected + tuple(
        (block.batch.column(POSITION)[row].as_py(), "; ".join(reasons[row]), raw_record(block, row))
        for row in sorted(reasons)
    )
    batch = pa.RecordBatch.from_arrays(columns, schema=arrow_schema(schema))
    return Checked(batch if good.all() else batch.filter(pa.array(good)), rejected)


def raw_record(block: Block, row: int) -> bytes:
    """A record as it came: its text, or its columns as JSON where the file is not text."""
    if block.raw is not None:
        return bytes(block.raw[row].as_py())
    record = {name: _python(block.batch.column(name)[row]) for name in block.batch.schema.names if name != POSITION}
    return json.dumps(record, default=str, ensure_ascii=False).encode()


def _shown(value: pa.Scalar) -> str:
    text = repr(_python(value))
    return text if len(text) <= 80 else text[:77] + "..."


def _python(value: pa.Scalar) -> Any:
    """The value as Python knows it, or its text where Python has no such value (the year 200,000)."""
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        return str(value.cast(pa.string()))
