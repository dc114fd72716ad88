"""Two text files whose lines go together: line n of the left one is `source`, line n of the right one `target`."""

from collections.abc import Iterator, Mapping
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.errors import InputError, unknown_name
from pipelines.sources import POSITION, WHOLE, Block, SourceFile, Span, read_chunks

__all__ = ["SIDES", "read"]

_CHUNK_BYTES = 4 << 20
_BOM = b"\xef\xbb\xbf"
SIDES = ("source", "target")


def read(
    source: SourceFile, columns: tuple[str, ...], span: Span = WHOLE, types: Mapping[str, pa.DataType] | None = None
) -> Iterator[Block]:
    """Reads pairs of lines as strings, an empty line as null; a blank line counts, or the pairs would shift.

    Raises:
        InputError: The files have different numbers of lines or hold none, or a column is neither source nor target.
    """
    for column in columns:
        if column not in SIDES:
            raise InputError(f"{source.path}: {unknown_name('column', column, SIDES)}")
    left, right = (_lines(path) for path in source.files)
    waiting: tuple[list[bytes], list[bytes]] = ([], [])
    row = 1
    while True:
        for side, lines in zip(waiting, (left, right), strict=True):
            if not side:
                side.extend(next(lines, ()))
        count = min(map(len, waiting))
        if not count:
            break
        pairs = [side[:count] for side in waiting]
        waiting = (waiting[0][count:], waiting[1][count:])
        yield _block(pairs, row, columns)
        row += count
    if waiting[0] or waiting[1]:
        counts = [
            row - 1 + sum(map(len, chain([side], lines))) for side, lines in zip(waiting, (left, right), strict=True)
        ]
        raise InputError(
            f"{source.path}: both files must have the same number of lines. Received: {counts[0]} and {counts[1]}"
        )
    if row == 1:
        raise InputError(f"{source.path}: the files are empty; a sentence a line is needed")


def _lines(path: str) -> Iterator[list[bytes]]:
    """Lines without their ends, some at a time."""
    rest = b""
    start = True
    for chunk in read_chunks(path, _CHUNK_BYTES):
        *whole, rest = (rest + (chunk.removeprefix(_BOM) if start else chunk)).split(b"\n")
        start = False
        if whole:
            yield [line.removesuffix(b"\r") for line in whole]
    if rest:
        yield [rest.removesuffix(b"\r")]


def _block(pairs: list[list[bytes]], row: int, columns: tuple[str, ...]) -> Block:
    sides = [pa.array(side, pa.binary()) for side in pairs]
    rejected: list[tuple[int, str, bytes]] = []
    good = np.ones(len(sides[0]), bool)
    for name, side in zip(SIDES, sides, strict=True):
        for i in _bad_utf8(side):
            if good[i]:
                good[i] = False
                rejected.append((row + i, f"`{name}` is not UTF-8", b"\t".join(part[i].as_py() for part in sides)))
    keep = pa.array(good)
    sides = [side.filter(keep) for side in sides]
    raw = pc.binary_join_element_wise(*sides, b"\t")
    texts = {name: _text(side.cast(pa.string())) for name, side in zip(SIDES, sides, strict=True)}
    positions = pa.array(np.arange(row, row + len(good))[good], pa.int64())
    batch = pa.RecordBatch.from_arrays([positions, *(texts[name] for name in columns)], [POSITION, *columns])
    return Block(batch, raw, tuple(rejected))


def _bad_utf8(side: pa.Array) -> list[int]:
    try:
        side.cast(pa.string())
        return []
    except pa.ArrowInvalid:
        return [i for i, line in enumerate(side.to_pylist()) if not _is_utf8(line)]


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _text(side: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(side, ""), pa.scalar(None, pa.string()), side)
