"""Hashes of values and records that are the same in every process, version and machine; computed by compiled loops."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

__all__ = ["gathered", "record_hashes", "scattered", "stable_hash"]

_SEED = 0x9E3779B97F4A7C15
_NULL = 0x2545F4914F6CDD1D


def stable_hash(values: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64]:
    """A hash of each value's text."""
    return record_hashes([_texts(values)])


def record_hashes(columns: list[pa.Array | pa.ChunkedArray]) -> NDArray[np.uint64]:
    """A hash of each record over some of its columns; null differs from every value."""
    count = len(columns[0])
    made = np.full(count, _SEED, np.uint64)
    for column in columns:
        at = 0
        for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
            _add_column(made[at : at + len(chunk)], chunk)
            at += len(chunk)
    _finish(made)
    return made


def scattered(count: int) -> NDArray[np.int64]:
    """A fixed order of `count` records that looks drawn by chance."""
    return _shuffled(count)


def gathered(places: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The order in which rows of one place stand together, each place's as they came, and how many each has."""
    return _gathered(places, count)


def _texts(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return values if pa.types.is_string(values.type) else values.cast(pa.string())


def _add_column(hashes: NDArray[np.uint64], column: pa.Array) -> None:
    if pa.types.is_nested(column.type):
        column = pa.array([None if value is None else repr(value) for value in column.to_pylist()], pa.string())
    missing = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else np.zeros(0, np.bool_)
    if pa.types.is_string(column.type):
        _, offsets, data = column.buffers()
        if not len(column):
            return
        starts = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
        _add_texts(hashes, starts, np.frombuffer(data if data is not None else b"", np.uint8), missing)
    else:
        filled = pc.fill_null(column, 0) if column.null_count else column
        numbers = filled.to_numpy(zero_copy_only=False)
        _add_numbers(
            hashes,
            np.ascontiguousarray(numbers).astype(np.int64 if numbers.dtype.kind == "i" else np.float64).view(np.uint64),
            missing,
        )


@njit(cache=True, nogil=True, inline="always")
def _mix(value):  # type: ignore[no-untyped-def]
    """The finaliser of MurmurHash3, 64 bits (https://github.com/aappleby/smhasher)."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@njit(
    "void(u8[::1], Array(i4, 1, 'C', readonly=True), Array(u1, 1, 'C', readonly=True), b1[::1])", cache=True, nogil=True
)
def _add_texts(hashes, offsets, data, missing):  # type: ignore[no-untyped-def]
    for row in range(hashes.size):
        value = np.uint64(offsets[row + 1] - offsets[row])
        if missing.size and missing[row]:
            value = np.uint64(_NULL)
        word, filled = np.uint64(0), np.uint64(0)
        for at in range(offsets[row], offsets[row + 1]):
            word |= np.uint64(data[at]) << filled
            filled += np.uint64(8)
            if filled == np.uint64(64):
                value = _mix(value ^ word)
                word, filled = np.uint64(0), np.uint64(0)
        hashes[row] = _mix(hashes[row] * np.uint64(31) ^ _mix(value ^ word))


@njit("void(u8[::1], u8[::1], b1[::1])", cache=True, nogil=True)
def _add_numbers(hashes, values, missing):  # type: ignore[no-untyped-def]
    for row in range(hashes.size):
        value = np.uint64(_NULL) if missing.size and missing[row] else values[row]
        hashes[row] = _mix(hashes[row] * np.uint64(31) ^ _mix(value))


@njit("void(u8[::1])", cache=True, nogil=True)
def _finish(hashes):  # type: ignore[no-untyped-def]
    for row in range(hashes.size):
        hashes[row] = _mix(hashes[row])


@njit("i8[::1](i8)", cache=True, nogil=True)
def _shuffled(count):  # type: ignore[no-untyped-def]
    """Fisher-Yates, by hashes of the place as chance."""
    order = np.arange(count)
    for place in range(count - 1, 0, -1):
        other = np.int64(_mix(np.uint64(place) * np.uint64(_SEED)) % np.uint64(place + 1))
        order[place], order[other] = order[other], order[place]
    return order


@njit("Tuple((i8[::1], i8[::1]))(i8[::1], i8)", cache=True, nogil=True)
def _gathered(places, count):  # type: ignore[no-untyped-def]
    """Counting sort."""
    counts = np.zeros(count, np.int64)
    for place in places:
        counts[place] += 1
    starts = np.zeros(count, np.int64)
    for place in range(1, count):
        starts[place] = starts[place - 1] + counts[place - 1]
    order = np.empty(places.size, np.int64)
    for row in range(places.size):
        order[starts[places[row]]] = row
        starts[places[row]] += 1
    return order, counts
