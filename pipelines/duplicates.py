"""Finds records that repeat an earlier one: by hash, and then exactly among those whose hashes are equal."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from pipelines.hashing import record_hashes

__all__ = ["find_duplicates"]


def find_duplicates(table: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that equal an earlier row in all columns, and for each the first row that it equals."""
    hashes = record_hashes([column.combine_chunks() for column in table.columns])
    seen_before = _repeated(hashes, max(4, 1 << int(2 * len(hashes)).bit_length()))
    if not seen_before.any():
        return np.empty(0, np.int64), np.empty(0, np.int64)
    rows = np.flatnonzero(np.isin(hashes, np.unique(hashes[seen_before])))
    alike = table.take(pa.array(rows))
    codes = np.stack([_codes(column) for column in alike.columns], axis=1)
    _, first, inverse = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    original = first[inverse.reshape(-1)]
    twice = np.flatnonzero(original != np.arange(len(rows)))
    return rows[twice], rows[original[twice]]


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A number for each distinct value."""
    array = column.combine_chunks()
    if pa.types.is_nested(array.type):
        array = pa.array([repr(value) for value in array.to_pylist()], pa.string())
    return pc.dictionary_encode(array, null_encoding="encode").indices.to_numpy().astype(np.int64)


@njit("b1[::1](u8[::1], i8)", cache=True, nogil=True)
def _repeated(hashes, size):  # type: ignore[no-untyped-def]
    """Whether each hash stands earlier too: an open-addressing table whose `size` is a power of two."""
    table = np.zeros(size, np.uint64)
    taken = np.zeros(size, np.bool_)
    found = np.zeros(hashes.size, np.bool_)
    mask = np.uint64(size - 1)
    for row in range(hashes.size):
        place = hashes[row] & mask
        while taken[place] and table[place] != hashes[row]:
            place = (place + np.uint64(1)) & mask
        found[row] = taken[place]
        taken[place] = True
        table[place] = hashes[row]
    return found
