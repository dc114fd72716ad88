"""Checks a block of records against the schema, column by column; a bad value costs its record only."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from gristmill.data.dataset import arrow_type
from gristmill.schema import Kind, Schema
from pipelines.casts import cast
from pipelines.sources import POSITION, Block

__all__ = ["Checked", "arrow_schema", "check", "column_types", "raw_record"]


@dataclass(frozen=True)
class Checked:
    """The good records of a block, typed by the schema, and the others as (position, reason, the record as it came)."""

    batch: pa.RecordBatch
    rejected: tuple[tuple[int, str, bytes], ...]


def arrow_schema(schema: Schema) -> pa.Schema:
    """The Arrow schema of checked records: `POSITION` and the features under their own names."""
    return pa.schema([(POSITION, pa.int64()), *((f.name, arrow_type(f)) for f in schema.features)])


def column_types(schema: Schema, source_format: str) -> dict[str, pa.DataType]:
    """The Arrow types as which a reader of text may parse the source columns, for `check` to take them as they are.

    A whole number that is an id or a category stands for its digits and is parsed here only where the format has numbers.
    """
    made: dict[str, pa.DataType] = {}
    for feature in schema.features:
        kind = arrow_type(feature)
        if source_format != "jsonl" and (
            feature.kind is Kind.SEQUENCE or (feature.dtype == "int64" and feature.kind in (Kind.ID, Kind.CATEGORY))
        ):
            kind = pa.string()
        made[feature.source_column] = _wide(kind)
    return made


def _wide(kind: pa.DataType) -> pa.DataType:
    """Numbers are checked before they are narrowed."""
    if pa.types.is_list(kind):
        return pa.list_(_wide(kind.value_type))
    return pa.float64() if pa.types.is_float32(kind) else kind


def check(block: Block, schema: Schema) -> Checked:
    """Casts every column to its feature's type and parts good records from bad.

    A record is bad where a value has the wrong type, lies outside the allowed range or values, is NaN or infinite, or is
    missing where the schema rejects missing values. The reason names every rule that the record breaks, and the value.
    """
    casts = [cast(block.batch.column(feature.source_column), feature) for feature in schema.features]
    any_bad = any(made.bad is not None for made in casts)
    if any_bad and block.as_text is not None:
        return _together([check(part, schema) for part in block.as_text()])
    columns = [block.batch.column(POSITION), *(made.values for made in casts)]
    batch = pa.RecordBatch.from_arrays(columns, schema=arrow_schema(schema))
    if not any_bad:
        return Checked(batch, block.rejected)
    reasons: dict[int, list[str]] = {}
    good = np.ones(block.batch.num_rows, bool)
    for feature, made in zip(schema.features, casts, strict=True):
        if made.bad is not None:
            bad = made.bad.to_numpy(zero_copy_only=False)
            came = block.batch.column(feature.source_column)
            for row in np.flatnonzero(bad).tolist():
                reasons.setdefault(row, []).append(f"`{feature.name}` {made.rule}. Received: {_shown(came[row])}")
            good &= ~bad
    rejected = block.rejected + tuple(
        (block.batch.column(POSITION)[row].as_py(), "; ".join(reasons[row]), raw_record(block, row))
        for row in sorted(reasons)
    )
    return Checked(batch.filter(pa.array(good)), rejected)


def _together(parts: list[Checked]) -> Checked:
    if len(parts) == 1:
        return parts[0]
    batch = pa.concat_batches([part.batch for part in parts])
    return Checked(batch, tuple(entry for part in parts for entry in part.rejected))


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
