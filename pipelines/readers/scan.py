"""Finds where the records of delimited text end, quoted line ends apart: one compiled pass over the bytes."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Scan", "scan_records"]

_CELL_START, _PLAIN, _QUOTED, _QUOTE_SEEN = 0, 1, 2, 3
_NO_QUOTE = 256


class Scan:
    """What a scan found.

    Attributes:
        ends: Offset of the newline that ends each record.
        lines: Number of lines up to and with each record's end, from 1.
        bare: Whether a carriage return that is no part of a line end stands outside quotes, for each record.
        open: Whether the data ends inside a quoted cell.
    """

    def __init__(self, data: bytes, quote: bytes, delimiter: bytes) -> None:
        ends, lines, bare, state = _scan(
            np.frombuffer(data, np.uint8), quote[0] if quote else _NO_QUOTE, delimiter[0] if delimiter else _NO_QUOTE
        )
        self.ends: NDArray[np.int64] = ends
        self.lines: NDArray[np.int64] = lines
        self.bare: NDArray[np.bool_] = bare
        self.open = state == _QUOTED


def scan_records(data: bytes, quote: bytes, delimiter: bytes) -> Scan:
    """Scans data that begins at a record's start.

    A quote opens a cell only at the cell's start; inside a quoted cell a doubled one stands for itself, and one inside
    an unquoted cell is a character like others (RFC 4180, read as leniently as Python's csv module reads it).

    Args:
        data: Bytes of a file.
        quote: The quote character, or nothing where the format has none.
        delimiter: What stands between cells.
    """
    return Scan(data, quote, delimiter)


@njit("Tuple((i8[::1], i8[::1], b1[::1], i8))(Array(u1, 1, 'C', readonly=True), i8, i8)", cache=True, nogil=True)
def _scan(data, quote, delimiter):  # type: ignore[no-untyped-def]
    count = 0
    for at in range(data.size):
        count += data[at] == 10
    ends = np.empty(count, np.int64)
    lines = np.empty(count, np.int64)
    bare = np.zeros(count + 1, np.bool_)
    found, line, state = 0, 0, _CELL_START
    for at in range(data.size):
        byte = data[at]
        if byte == 10:
            line += 1
            if state != _QUOTED:
                ends[found] = at
                lines[found] = line
                found += 1
                state = _CELL_START
        elif byte == quote:
            if state in (_CELL_START, _QUOTE_SEEN):
                state = _QUOTED
            elif state == _QUOTED:
                state = _QUOTE_SEEN
        elif state != _QUOTED:
            if byte == delimiter:
                state = _CELL_START
            else:
                state = _PLAIN
                if byte == 13 and at + 1 < data.size and data[at + 1] != 10:
                    bare[found] = True
    return ends[:found], lines[:found], bare[:found], state
