"""The values of a column as plain arrays, with the compiled functions that write them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.data.codec import packing
from gristmill.errors import InputError

__all__ = ["Floats", "Ints", "Strings", "Values", "values_of"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Strings:
    """UTF-8 bytes and the bounds of each text in them."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    tag = packing.STRINGS

    def measure(self, key: Array, bounds: Array, present: Array, content: Array, sizes: Array) -> None:
        """Fills the sizes of the content and adds those of the entries."""
        packing.measure_strings(key, bounds, present, self.offsets, content, sizes)

    def write(self, key: Array, bounds: Array, content: Array, cursor: Array, out: Array) -> None:
        """Writes the entries."""
        packing.write_strings(key, bounds, self.data, self.offsets, content, cursor, out)


@dataclass(frozen=True)
class Ints:
    """Whole numbers."""

    values: NDArray[np.int64]
    tag = packing.INTS

    def measure(self, key: Array, bounds: Array, present: Array, content: Array, sizes: Array) -> None:
        """Fills the sizes of the content and adds those of the entries."""
        packing.measure_ints(key, bounds, present, self.values, content, sizes)

    def write(self, key: Array, bounds: Array, content: Array, cursor: Array, out: Array) -> None:
        """Writes the entries."""
        packing.write_ints(key, bounds, self.values, content, cursor, out)


@dataclass(frozen=True)
class Floats:
    """Numbers of 32 bits, as their bytes."""

    data: NDArray[np.uint8]
    tag = packing.FLOATS

    def measure(self, key: Array, bounds: Array, present: Array, content: Array, sizes: Array) -> None:
        """Fills the sizes of the content and adds those of the entries."""
        packing.measure_floats(key, bounds, present, content, sizes)

    def write(self, key: Array, bounds: Array, content: Array, cursor: Array, out: Array) -> None:
        """Writes the entries."""
        packing.write_floats(key, bounds, self.data, content, cursor, out)


Values = Strings | Ints | Floats


def values_of(name: str, array: pa.Array) -> Values:
    """The values of an array of texts, int64 or float32; a missing one is "" or 0.

    Raises:
        InputError: It is of another type.
    """
    kind = array.type
    texts = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if not (texts or pa.types.is_int64(kind) or pa.types.is_float32(kind)):
        raise InputError(f"{name}: values must be string, int64 or float32. Received: {kind}")
    if array.null_count:
        array = pc.fill_null(array, "" if texts else 0)
    buffers, start, stop = array.buffers(), array.offset, array.offset + len(array)
    if pa.types.is_int64(kind):
        return Ints(_view(buffers[1], np.int64)[start:stop])
    if pa.types.is_float32(kind):
        return Floats(_view(buffers[1], np.uint8)[4 * start : 4 * stop])
    wide = np.int64 if pa.types.is_large_string(kind) else np.int32
    offsets = _view(buffers[1], wide)[start : stop + 1] if len(array) else np.zeros(1)
    return Strings(_view(buffers[2], np.uint8), offsets.astype(np.int64))


def _view(buffer: pa.Buffer | None, dtype: Any) -> Array:
    return np.frombuffer(buffer if buffer is not None else b"", dtype)
