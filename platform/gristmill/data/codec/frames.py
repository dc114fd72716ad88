"""TFRecord frames: length, checksum of the length, data, checksum of the data.

Format: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
CRC-32C eight bytes at a time: Kounavis and Berry 2005, https://doi.org/10.1109/ISCC.2005.18
"""

# mypy: disable-error-code="no-untyped-def, assignment"

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gristmill.data.codec.compiled import compiled
from gristmill.data.codec.machine import crc32c_8, has_crc32c, load8
from gristmill.errors import IntegrityError

__all__ = ["Frames", "HEADER_BYTES", "seal", "split_frames"]

HEADER_BYTES = 12
"""Before the data stand its length, eight bytes, and the checksum of these."""


@dataclass(frozen=True)
class Frames:
    """Where the whole records of a buffer stand: record i is `data[starts[i]:stops[i]]`."""

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    used: int
    """Bytes up to the end of the last whole record."""


def split_frames(data: NDArray[np.uint8], first: int = 0) -> Frames:
    """Finds the records of a buffer, whose last one may be cut, and checks their checksums.

    Args:
        data: The buffer, which begins with a record.
        first: Number of its first record, for the error.

    Raises:
        IntegrityError: A checksum does not match; the message tells at which record.
    """
    most = len(data) // (HEADER_BYTES + 4)
    starts, stops = np.empty(most, np.int64), np.empty(most, np.int64)
    count, used, good = _split(data, starts, stops)
    if not good:
        raise IntegrityError(f"record {first + count} is cut or its checksum does not match")
    return Frames(data, starts[:count], stops[:count], used)


def _crc_tables() -> NDArray[np.uint32]:
    """Row k holds the checksums of each byte followed by k zero bytes."""
    tables = np.zeros((8, 256), np.uint32)
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        tables[0, byte] = crc
    for k in range(1, 8):
        tables[k] = tables[0, tables[k - 1] & 0xFF] ^ (tables[k - 1] >> np.uint32(8))
    return tables


_TABLES = _crc_tables()


@compiled
def _masked_crc(data, start, stop):
    crc = np.uint32(0xFFFFFFFF)
    at = start
    if has_crc32c():
        while at + 8 <= stop:
            crc = np.uint32(crc32c_8(np.uint64(crc), load8(data, at)))
            at += 8
    while at + 8 <= stop:
        word = load8(data, at) ^ np.uint64(crc)
        crc = (
            _TABLES[7, word & 0xFF]
            ^ _TABLES[6, word >> 8 & 0xFF]
            ^ _TABLES[5, word >> 16 & 0xFF]
            ^ _TABLES[4, word >> 24 & 0xFF]
            ^ _TABLES[3, word >> 32 & 0xFF]
            ^ _TABLES[2, word >> 40 & 0xFF]
            ^ _TABLES[1, word >> 48 & 0xFF]
            ^ _TABLES[0, word >> 56]
        )
        at += 8
    for k in range(at, stop):
        crc = np.uint32(_TABLES[0, (crc ^ data[k]) & 0xFF] ^ crc >> 8)
    whole = np.int64(crc) ^ 0xFFFFFFFF
    return ((whole >> 15 | whole << 17) + 0xA282EAD8) & 0xFFFFFFFF


@compiled
def _put(out, at, value, size):
    for i in range(size):
        out[at + i] = value >> 8 * i & 0xFF


@compiled
def _get(data, at, size):
    value = 0
    for i in range(size):
        value |= np.int64(data[at + i]) << 8 * i
    return value


@compiled
def seal(out, bounds):
    """Writes lengths and checksums around the data of the frames `out[bounds[i]:bounds[i + 1]]`."""
    for i in range(len(bounds) - 1):
        start, stop = bounds[i], bounds[i + 1] - 4
        _put(out, start, stop - start - 12, 8)
        _put(out, start + 8, _masked_crc(out, start, start + 8), 4)
        _put(out, stop, _masked_crc(out, start + 12, stop), 4)


@compiled
def _split(data, starts, stops):
    """Number of whole records, the bytes that they take, and whether all checksums matched."""
    at, count = 0, 0
    while len(data) - at >= 12:
        size = _get(data, at, 8)
        if _get(data, at + 8, 4) != _masked_crc(data, at, at + 8) or size < 0:
            return count, at, False
        if size > len(data) - at - 16:
            break
        stop = at + 12 + size
        if _get(data, stop, 4) != _masked_crc(data, at + 12, stop):
            return count, at, False
        starts[count], stops[count] = at + 12, stop
        count += 1
        at = stop + 4
    return count, at, True
