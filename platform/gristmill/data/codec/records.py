"""The values of wanted features in a run of records, as Arrow arrays."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.data.codec.frames import Frames
from gristmill.data.codec.packing import FLOATS, INTS, STRINGS
from gristmill.data.codec.parsing import locate, take_floats, take_ints, take_strings

__all__ = ["Found", "HarmedRecordError", "find_features"]

_MOST_BYTES = np.iinfo(np.int32).max
"""What protobuf allows a message at most; runs of records are far smaller."""
_TAGS = {pa.string(): STRINGS, pa.float32(): FLOATS, pa.int64(): INTS}


class HarmedRecordError(Exception):
    """A record, counted from 0 within its run, is no Example of the schema."""

    def __init__(self, record: int) -> None:
        super().__init__(record)
        self.record = record


@dataclass(frozen=True)
class Found:
    """One feature of all records."""

    present: NDArray[np.bool_]
    counts: NDArray[np.int64]
    """Number of values of each record."""
    values: pa.Array
    """The values of all records, one after the other."""


def find_features(frames: Frames, wanted: Mapping[str, pa.DataType]) -> dict[str, Found]:
    """Reads features of string, int64 or float32 out of Examples.

    Raises:
        HarmedRecordError: A record is no Example, or a feature of it has values of another type.
    """
    names = [name.encode() for name in wanted]
    bounds = np.cumsum([0, *map(len, names)])
    tags = np.array([_TAGS[kind] for kind in wanted.values()], np.uint8)
    starts, stops = np.empty((2, len(names), len(frames.starts)), np.int64)
    joined = np.frombuffer(b"".join(names), np.uint8)
    harmed = locate(frames.data, frames.starts, frames.stops, joined, bounds, tags, starts, stops)
    if harmed >= 0:
        raise HarmedRecordError(harmed)
    return {
        name: _found(frames.data, start, stop, kind)
        for (name, kind), start, stop in zip(wanted.items(), starts, stops, strict=True)
    }


def _found(data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64], kind: pa.DataType) -> Found:
    counts = np.empty(len(starts), np.int64)
    room = int((stops - starts).sum())
    if room > _MOST_BYTES:
        raise HarmedRecordError(int(np.argmax(stops - starts)))
    if kind == pa.string():
        text, offsets = np.empty(room, np.uint8), np.empty(room // 2 + 1, np.int32)
        total, harmed = take_strings(data, starts, stops, counts, text, offsets)
        buffers = [pa.py_buffer(offsets[: total + 1]), pa.py_buffer(text[: offsets[total]])]
    elif kind == pa.int64():
        whole = np.empty(room, np.int64)
        total, harmed = take_ints(data, starts, stops, counts, whole)
        buffers = [pa.py_buffer(whole[:total])]
    else:
        bits = np.empty(room, np.uint8)
        total, harmed = take_floats(data, starts, stops, counts, bits)
        buffers = [pa.py_buffer(bits[: 4 * total])]
    if harmed >= 0:
        raise HarmedRecordError(harmed)
    return Found(starts >= 0, counts, pa.Array.from_buffers(kind, total, [None, *buffers]))
