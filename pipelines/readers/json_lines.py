"""JSON lines: one object a line."""

import json
from collections.abc import Iterator
from typing import Any

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
        any_record |= len(records.text) > 0
        yield from _parse(records, columns, seen)
    if not any_record:
        raise InputError(f"{source.path}: the file is empty; one JSON object a line is needed")
    for column in columns:
        if seen and column not in seen:
            raise InputError(f"{source.path}: {unknown_name('key', column, seen)}")


def _parse(records: Records, columns: tuple[str, ...], seen: set[str]) -> Iterator[Block]:
    """A block for each set of columns that hold lists, so that a list changes no other record's column."""
    records, bad_utf8 = records.split_bad_utf8()
    rejected = list(bad_utf8)
    alike: dict[tuple[bool, ...], tuple[list[int], list[list[Any]]]] = {}
    for i, text in enumerate(records.text.to_pylist()):
        try:
            values = _values(text, columns, seen)
        except (ValueError, RecursionError) as error:
            rejected.append((int(records.lines[i]), f"not a usable JSON object: {error}", text))
            continue
        rows, kept = alike.setdefault(tuple(isinstance(value, list) for value in values), ([], []))
        rows.append(i)
        kept.append(values)
    for is_list, (rows, kept) in alike.items():
        arrays = [
            pa.array([values[i] for values in kept], pa.list_(pa.string()) if nested else pa.string())
            for i, nested in enumerate(is_list)
        ]
        batch = pa.RecordBatch.from_arrays([pa.array(records.lines[rows]), *arrays], [POSITION, *columns])
        yield Block(batch, records.text.take(pa.array(rows, pa.int64())))
    if rejected:
        empty = pa.RecordBatch.from_arrays(
            [pa.array([], pa.int64()), *(pa.array([], pa.string()) for _ in columns)], [POSITION, *columns]
        )
        yield Block(empty, records.text[:0], tuple(rejected))


def _values(text: bytes, columns: tuple[str, ...], seen: set[str]) -> list[Any]:
    """The values of the columns, as texts or lists of texts; numbers as they are written."""
    record = json.loads(text, object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=str)
    if not isinstance(record, dict):
        raise ValueError(f"it must be an object. Received: {_shown(text)}")
    seen.update(record)
    return [_value(name, record.get(name)) for name in columns]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"a key stands twice: {next(name for name in names if names.count(name) > 1)}")
    return made


def _value(name: str, value: Any) -> Any:
    return [_text(name, item) for item in value] if isinstance(value, list) else _text(name, value)


def _text(name: str, value: Any) -> str | None:
    if isinstance(value, dict | list):
        raise ValueError(f"`{name}` must be a text, a number or a list of those. Received: {_shown(json.dumps(value))}")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and not value.isascii():
        value.encode()  # a lone surrogate ("\\ud800") is no text
    return value


def _shown(text: str | bytes) -> str:
    text = repr(text.decode() if isinstance(text, bytes) else text)
    return text if len(text) <= 80 else text[:77] + "..."
