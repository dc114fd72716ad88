"""Arrow tables to framed Examples, in blocks of rows."""

import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.data.codec.frames import seal
from gristmill.data.codec.packing import STRINGS, open_frames, write_features
from gristmill.data.codec.streams import Stream, packed_streams, plain_streams
from gristmill.data.plan import Layout
from gristmill.errors import InputError

__all__ = ["encode", "encode_blocks"]

_BLOCK_ROWS = 4096
"""Rows whose bytes stay in the processor's cache until their checksum is made."""


def encode(table: pa.Table, layout: Layout, order: NDArray[np.int64] | None = None) -> NDArray[np.uint8]:
    """The rows of a table as TFRecord frames of Examples.

    Args:
        table: Columns of texts, int64, float32, lists of those or lists of lists of those; each may hold nulls.
        layout: How rows stand in Examples.
        order: Rows to write, in this order; None writes all.

    Raises:
        InputError: A column is of another type, or `order` names a row that is not there.
    """
    buffer = io.BytesIO()
    for block in encode_blocks(table, layout, order):
        buffer.write(block.data)
    return np.frombuffer(buffer.getbuffer(), np.uint8)


def encode_blocks(
    table: pa.Table, layout: Layout, order: NDArray[np.int64] | None = None
) -> Iterator[NDArray[np.uint8]]:
    """What `encode` gives, some rows at a time; all but the last block hold whole packs."""
    pack = layout.rows if layout.kind == "packed" else 1
    for block in _blocks(table, order, max(1, _BLOCK_ROWS // pack) * pack):
        streams = packed_streams(block, pack) if layout.kind == "packed" else plain_streams(block)
        yield _encode(list(streams), -(-block.num_rows // pack))


def _blocks(table: pa.Table, order: NDArray[np.int64] | None, size: int) -> Iterator[pa.Table]:
    if order is None:
        for start in range(0, table.num_rows, size):
            yield table.slice(start, size)
        return
    if len(order) and not 0 <= order.min() <= order.max() < table.num_rows:
        raise InputError(f"order must name rows below {table.num_rows}. Received: {order.min()} to {order.max()}")
    whole = table.combine_chunks()
    for start in range(0, len(order), size):
        yield whole.take(pa.array(order[start : start + size]))


def _encode(streams: list[Stream], examples: int) -> NDArray[np.uint8]:
    """The frames of some Examples."""
    keys = [_key(stream.name, stream.values.tag) for stream in streams]
    content = np.empty((len(streams), examples), np.int64)
    sizes = np.zeros(examples, np.int64)
    for stream, key, own in zip(streams, keys, content, strict=True):
        stream.values.measure(key, stream.bounds, stream.present, own, sizes)
    bounds, cursor = np.empty(examples + 1, np.int64), np.empty(examples, np.int64)
    open_frames(sizes, bounds, cursor)
    out = np.empty(bounds[-1], np.uint8)
    write_features(out, bounds, sizes)
    for stream, key, own in zip(streams, keys, content, strict=True):
        stream.values.write(key, stream.bounds, own, cursor, out)
    seal(out, bounds)
    return out


def _key(name: str, tag: int) -> NDArray[np.uint8]:
    """A feature's entry without its content; the sizes that depend on the content are 0."""
    text = name.encode()
    size, rest = bytearray(), len(text)
    while rest >= 0x80:
        size.append(rest & 0x7F | 0x80)
        rest >>= 7
    size.append(rest)
    before_numbers = b"" if tag == STRINGS else b"\x0a\0"
    key = b"\x0a\0" + b"\x0a" + bytes(size) + text + b"\x12\0" + bytes([tag, 0]) + before_numbers
    return np.frombuffer(key, np.uint8)
