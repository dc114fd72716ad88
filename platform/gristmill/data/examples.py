"""Arrow records to and from `tf.train.Example` bytes, without TensorFlow.

Each column is encoded once a distinct value and dealt out to the rows, so that the work a row is one join of bytes;
decoding goes the same way back.
Wire format: https://protobuf.dev/programming-guides/encoding/ and tensorflow/core/example/{example,feature}.proto.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gristmill.errors import IntegrityError

__all__ = ["decode_examples", "encode_examples", "parse_spec"]


def encode_examples(table: pa.Table) -> Iterator[bytes]:
    """Encodes each row of a table as one serialised Example; a null leaves its feature out.

    Args:
        table: Columns of strings, int64, float32, or lists of those.
    """
    columns = [_encode_column(name, table.column(name).combine_chunks()) for name in table.column_names]
    for parts in zip(*columns, strict=True):
        features = b"".join(parts)
        yield b"\x0a" + _varint(len(features)) + features


def decode_examples(serialised: Iterable[bytes], schema: pa.Schema) -> pa.Table:
    """Decodes Examples into a table of the schema's columns; an absent feature becomes null.

    Raises:
        IntegrityError: The bytes are no Example.
    """
    columns: dict[str, list[Any]] = {name: [] for name in schema.names}
    known: dict[bytes, tuple[str, list[Any]]] = {}
    for count, example in enumerate(serialised, start=1):
        for features in _messages(example):
            for entry in _messages(features):
                if entry not in known:
                    if len(known) > _DECODE_CACHE:
                        known.clear()
                    known[entry] = _decode_entry(entry)
                name, values = known[entry]
                if name in columns:
                    columns[name].append(values)
        for column in columns.values():
            if len(column) < count:
                column.append(None)
    arrays = []
    for field in schema:
        values = columns[field.name]
        if not pa.types.is_list(field.type):
            values = [value[0] if value else None for value in values]
        arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def parse_spec(schema: pa.Schema) -> dict[str, Any]:
    """The `tf.io` parsing spec of examples that `encode_examples` made .

    A missing float comes as NaN, a missing int64 as 0 and a missing text as "".
    """
    import tensorflow as tf

    dtypes = {pa.string(): tf.string, pa.int64(): tf.int64, pa.float32(): tf.float32}
    spec: dict[str, Any] = {}
    for field in schema:
        if pa.types.is_list(field.type):
            spec[field.name] = tf.io.RaggedFeature(dtypes[field.type.value_type], row_splits_dtype=tf.int64)
        else:
            dtype = dtypes[field.type]
            default = {tf.string: "", tf.int64: 0, tf.float32: float("nan")}[dtype]
            spec[field.name] = tf.io.FixedLenFeature((), dtype, default)
    return spec


def _encode_column(name: str, column: pa.Array) -> list[bytes]:
    """The bytes of the map entry `name -> feature` for each row."""
    key = name.encode()
    prefix = b"\x0a" + _varint(len(key)) + key
    nested = pa.types.is_list(column.type)
    encode = _ENCODERS[column.type.value_type if nested else column.type]

    def entry(value: Any) -> bytes:
        if value is None:
            return b""
        feature = encode(value if nested else [value])
        body = prefix + b"\x12" + _varint(len(feature)) + feature
        return b"\x0a" + _varint(len(body)) + body

    if nested:
        return [entry(value) for value in column.to_pylist()]
    encoded = pc.dictionary_encode(column, null_encoding="encode")
    entries = [entry(value) for value in encoded.dictionary.to_pylist()]
    return [entries[index] for index in encoded.indices.to_pylist()]


def _bytes_list(values: list[str]) -> bytes:
    body = b"".join(b"\x0a" + _varint(len(raw)) + raw for raw in (value.encode() for value in values))
    return b"\x0a" + _varint(len(body)) + body


def _float_list(values: list[float]) -> bytes:
    packed = struct.pack(f"<{len(values)}f", *values)
    body = b"\x0a" + _varint(len(packed)) + packed if values else b""
    return b"\x12" + _varint(len(body)) + body


def _int64_list(values: list[int]) -> bytes:
    packed = b"".join(_varint(value & 0xFFFFFFFFFFFFFFFF) for value in values)
    body = b"\x0a" + _varint(len(packed)) + packed if values else b""
    return b"\x1a" + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _decode_entry(entry: bytes) -> tuple[str, list[Any]]:
    """Name and values of one map entry."""
    key, feature = b"", b""
    for number, _, value in _fields(entry):
        key, feature = (value, feature) if number == 1 else (key, value)
    values: list[Any] = []
    for kind, _, body in _fields(feature):
        for _, wire, value in _fields(body):
            values += _DECODERS[kind](value, wire)
    return key.decode(), values


def _messages(data: bytes) -> Iterator[bytes]:
    """The submessages of field 1."""
    return (value for number, _, value in _fields(data) if number == 1)


def _fields(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number, wire type and content of each field; a varint comes as the bytes it stands in."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _read_varint(data, at)
        wire, start = tag & 7, at
        if wire == 2:
            size, start = _read_varint(data, at)
            at = start + size
        elif wire == 5:
            at += 4
        elif wire == 0:
            _, at = _read_varint(data, at)
        if wire not in (0, 2, 5) or at > end:
            raise IntegrityError(f"not a tf.train.Example: wire type {wire} at byte {start}")
        yield tag >> 3, wire, data[start:at]


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise IntegrityError("not a tf.train.Example: it ends inside a number")


def _read_floats(data: bytes, wire: int) -> list[float]:
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def _read_ints(data: bytes, wire: int) -> list[int]:
    values, at = [], 0
    while at < len(data):
        value, at = _read_varint(data, at)
        values.append(value - (1 << 64) if value >= 1 << 63 else value)
    return values


_DECODE_CACHE = 1 << 18
_DECODERS: dict[int, Callable[[bytes, int], list[Any]]] = {
    1: lambda data, wire: [data.decode()],
    2: _read_floats,
    3: _read_ints,
}
_ENCODERS: dict[pa.DataType, Callable[[list[Any]], bytes]] = {
    pa.string(): _bytes_list,
    pa.float32(): _float_list,
    pa.int64(): _int64_list,
}
