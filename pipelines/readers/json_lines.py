"""JSON lines: one object a line."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import json as arrow_json

from gristmill.errors import InputError, unknown_name
from pipelines.readers.records import Piece, cut_pieces
from pipelines.sources import POSITION, WHOLE, Block, SourceFile, Span, read_chunks

__all__ = ["read"]

_CHUNK_BYTES = 4 << 20
_MINUS_ZERO = re.compile(rb"-0\s*[,}\]]")
_TEXTS = {0: pa.string(), 1: pa.list_(pa.string()), 2: pa.list_(pa.list_(pa.string()))}


def read(
    source: SourceFile, columns: tuple[str, ...], span: Span = WHOLE, types: Mapping[str, pa.DataType] | None = None
) -> Iterator[Block]:
    """Reads JSON lines; scalars come as strings, arrays as lists of strings, `null` and absent keys as null.

    A column `outer.inner` is the key `inner` of the object `outer`, unless a key is called so as a whole.

    Where every column has a type in `types` and all values of a block are of those, they come as such.

    Raises:
        InputError: The file is empty, or no record has one of the columns.
    """
    seen: set[str] = set()
    any_record = False
    chunks = read_chunks(source.path, _CHUNK_BYTES, span)
    for piece in cut_pieces(source.path, chunks, line=span.line):
        block = None if types is None else _typed(piece, columns, types)
        if block is not None:
            any_record = True
            seen.update(name for name in columns if _stands_in(piece, name, block.batch.column(name)))
            yield block
        else:
            for block in _as_text(piece, columns, seen):
                any_record = True
                yield block
    if not any_record and span.start == 0:
        raise InputError(f"{source.path}: the file is empty; one JSON object a line is needed")
    unseen = tuple(column for column in columns if seen and column not in seen)
    if span.start == 0 and span.stop is None:
        for column in unseen:
            raise InputError(f"{source.path}: {unknown_name('key', column, seen)}")
    elif unseen:
        yield Block(_nothing(columns), None, unseen=unseen)


def _stands_in(piece: Piece, name: str, column: pa.Array) -> bool:
    """Whether a key stands in a piece, be it with `null`."""
    return column.null_count < len(column) or json.dumps(name, ensure_ascii=False).encode() in piece.data


def _nothing(columns: tuple[str, ...]) -> pa.RecordBatch:
    arrays = [pa.array([], pa.int64()), *(pa.array([], pa.string()) for _ in columns)]
    return pa.RecordBatch.from_arrays(arrays, [POSITION, *columns])


def _typed(piece: Piece, columns: tuple[str, ...], types: Mapping[str, pa.DataType]) -> Block | None:
    """The block with its values parsed; None where any record of the piece has to be looked at singly."""
    if (
        not columns
        or any(name not in types or "." in name for name in columns)
        or not piece.is_utf8
        or piece.has_bare_returns
    ):
        return None
    if not _one_object_a_line(piece):
        return None
    if pa.int64() in types.values() and b"-0" in piece.data and _MINUS_ZERO.search(piece.data):
        return None  # whether -0 is 0 depends on the kind of the feature
    try:
        table = arrow_json.read_json(
            pa.BufferReader(piece.data),
            arrow_json.ReadOptions(use_threads=False, block_size=len(piece.data) + 1),
            arrow_json.ParseOptions(
                explicit_schema=pa.schema([(name, types[name]) for name in columns]), unexpected_field_behavior="ignore"
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    if table.num_rows != piece.records:  # blank lines
        return None
    arrays = [pa.array(piece.starts, pa.int64()), *(table.column(name).combine_chunks() for name in columns)]
    batch = pa.RecordBatch.from_arrays(arrays, [POSITION, *columns])
    return Block(batch, None, (), lambda: tuple(_as_text(piece, columns, set())), len(piece.data))


def _one_object_a_line(piece: Piece) -> bool:
    """Whether each line starts with `{` and ends with `}`; as many values as lines are then one a line.

    Between the two braces of a line's end and the next one's start stands no comma, so no value goes on over it.
    """
    array = np.frombuffer(piece.data, np.uint8)
    ends = np.flatnonzero(array == 10)
    starts = np.concatenate([[0], ends[:-1] + 1])
    if not (array[starts] == ord("{")).all():
        return False
    last = ends - 1
    last -= array[last] == 13
    return bool((array[last] == ord("}")).all())


def _as_text(piece: Piece, columns: tuple[str, ...], seen: set[str]) -> Iterator[Block]:
    """A block for each set of columns that hold lists, so that a list changes no other record's column."""
    records, bad_utf8 = piece.cut().split_bad_utf8()
    rejected = list(bad_utf8)
    alike: dict[tuple[int, ...], tuple[list[int], list[list[Any]]]] = {}
    for i, text in enumerate(records.text.to_pylist()):
        try:
            values = _values(text, columns, seen)
        except (ValueError, RecursionError) as error:
            rejected.append((int(records.lines[i]), f"not a usable JSON object: {error}", text))
            continue
        rows, kept = alike.setdefault(tuple(map(_depth, values)), ([], []))
        rows.append(i)
        kept.append(values)
    for depths, (rows, kept) in alike.items():
        arrays = [pa.array([values[i] for values in kept], _TEXTS[depth]) for i, depth in enumerate(depths)]
        batch = pa.RecordBatch.from_arrays([pa.array(records.lines[rows]), *arrays], [POSITION, *columns])
        yield Block(batch, records.text.take(pa.array(rows, pa.int64())))
    if rejected:
        yield Block(_nothing(columns), records.text[:0], tuple(rejected))


def _values(text: bytes, columns: tuple[str, ...], seen: set[str]) -> list[Any]:
    """The values of the columns, as texts, lists of texts or lists of those; numbers as they are written."""
    pairs = json.loads(text, object_pairs_hook=_Pairs, parse_int=str, parse_float=str, parse_constant=str)
    if not isinstance(pairs, _Pairs):
        raise ValueError(f"it must be an object. Received: {_shown(text)}")
    record = _once(pairs, columns)
    seen.update(record)
    return [_value(name, _at(record, name, seen)) for name in columns]


def _once(pairs: "_Pairs", wanted: Sequence[str]) -> dict[str, Any]:
    """An object as a dict; of the wanted keys none may stand twice."""
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next((name for name in wanted if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"a key stands twice: {twice}")
    return record


def _at(record: dict[str, Any], name: str, seen: set[str]) -> Any:
    """The value of a key, or of one in an object within; that it was seen is noted."""
    if name in record or "." not in name:
        return record.get(name)
    outer, _, inner = name.partition(".")
    if not isinstance(record.get(outer), _Pairs):
        return None
    within = _once(record[outer], [inner])
    if inner in within:
        seen.add(name)
    return within.get(inner)


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object, as they stand."""


def _value(name: str, value: Any) -> Any:
    if not _is_list(value):
        return _text(name, value)
    if any(map(_is_list, value)):
        return [[_text(name, item) for item in inner] if _is_list(inner) else _no_list(name, inner) for inner in value]
    return [_text(name, item) for item in value]


def _no_list(name: str, value: Any) -> Any:
    raise ValueError(f"`{name}` must hold lists only or none. Received beside a list: {_shown(json.dumps(value))}")


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and not isinstance(value, _Pairs)


def _depth(value: Any) -> int:
    """0 for a text, 1 for a list, 2 for a list of lists."""
    if not isinstance(value, list):
        return 0
    return 2 if value and isinstance(value[0], list) else 1


def _text(name: str, value: Any) -> str | None:
    if isinstance(value, list):
        shown = json.dumps(dict(value) if isinstance(value, _Pairs) else value)
        raise ValueError(f"`{name}` must be a text, a number or a list of those. Received: {_shown(shown)}")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and not value.isascii():
        value.encode()  # a lone surrogate ("\\ud800") is no text
    return value


def _shown(text: str | bytes) -> str:
    text = repr(text.decode() if isinstance(text, bytes) else text)
    return text if len(text) <= 80 else text[:77] + "..."
