"""JSON lines: one object a line."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from gristmill.errors import InputError, unknown_name
from pipelines.readers.records import Records, cut_records
from pipelines.sources import POSITION, Block, SourceFile, read_chunks

__all__ = ["read"]

_CHUNK_BYTES = 4 << 20


def read(source: SourceFile, columns: tuple[str, ...]) -> Iterator[Block]:
    """Reads JSON lines; scalars come as strings, arrays as lists of strings, `null` and absent keys as null.

    Raises:
        InputError: The file is empty, or no record has one of the columns.
    """
    seen: set[str] = set()
    any_record = False
    for records in cut_records(source.path, read_chunks(source.path, _CHUNK_BYTES)):
        any_record = True
        yield _parse(records, columns, seen)
    if not any_record:
        raise InputError(f"{source.path}: the file is empty; one JSON object a line is needed")
    for column in columns:
        if seen and column not in seen:
            raise InputError(f"{source.path}: {unknown_name('key', column, seen)}")


def _parse(records: Records, columns: tuple[str, ...], seen: set[str]) -> Block:
    records, rejected = records.split_bad_utf8()
    objects, keep = [], np.ones(len(records.text), bool)
    for i, text in enumerate(records.text.to_pylist()):
        try:
            objects.append(json.loads(text, object_pairs_hook=_object))
            if not isinstance(objects[-1], dict):
                raise ValueError(f"a JSON object is needed. Received: {type(objects.pop()).__name__}")
            seen.update(objects[-1])
        except (ValueError, RecursionError) as error:
            keep[i] = False
            rejected += ((int(records.lines[i]), f"not a JSON object: {error}", text),)
    arrays = [_column([record.get(name) for record in objects]) for name in columns]
    batch = pa.RecordBatch.from_arrays([pa.array(records.lines[keep]), *arrays], [POSITION, *columns])
    return Block(batch, records.text.filter(pa.array(keep)), rejected)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"a key stands twice: {next(name for name in names if names.count(name) > 1)}")
    return made


def _column(values: list[Any]) -> pa.Array:
    if any(isinstance(value, list) for value in values):
        lists = [value if isinstance(value, list) or value is None else [value] for value in values]
        return pa.array([None if v is None else [_text(item) for item in v] for v in lists], pa.list_(pa.string()))
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)
