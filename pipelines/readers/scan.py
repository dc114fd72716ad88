"""Finds where the records of delimited text end, quoted line ends apart: one compiled pass over the bytes."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["PLAIN", "QUOTED", "RECORD_START", "Scan", "scan_records"]

RECORD_START, PLAIN, QUOTED, _QUOTE_SEEN = 0, 1, 2, 3
"""States of a scan: at a cell's start, in an unquoted cell, in a quoted one, after a quote in a quoted one."""
_RETURN, _DELIMITER, _QUOTE, _NEWLINE = 1, 2, 3, 4


class Scan:
    """What a scan found.

    Attributes:
        ends: Offset of the newline that ends each record.
        lines: Number of lines up to and with each record's end, from 1.
        bare: Whether a carriage return that is no part of a line end stands outside quotes, for each record.
        open: Whether the data ends inside a quoted cell.
        state: Where the data ends, for a scan of what follows it.
    """

    def __init__(self, data: bytes, quote: bytes, delimiter: bytes, state: int) -> None:
        marks = np.zeros(256, np.uint8)
        for number, characters in ((_RETURN, b"\r"), (_DELIMITER, delimiter), (_QUOTE, quote), (_NEWLINE, b"\n")):
            marks[list(characters)] = number
        array = np.frombuffer(data, np.uint8)
        ends, lines, bare, state = _scan(array, marks, data.count(b"\n"), state)
        self.ends: NDArray[np.int64] = ends
        self.lines: NDArray[np.int64] = lines
        self.bare: NDArray[np.bool_] = bare
        self.state: int = state
        self.open = state == QUOTED


def scan_records(data: bytes, quote: bytes, delimiter: bytes, state: int = RECORD_START) -> Scan:
    """Scans data that begins at a record's start, or goes on after what was scanned before.

    A quote opens a cell only at the cell's start; inside a quoted cell a doubled one stands for itself, and one inside
    an unquoted cell is a character like others (RFC 4180, read as leniently as Python's csv module reads it).

    Args:
        data: Bytes of a file.
        quote: The quote character, or nothing where the format has none.
        delimiter: What stands between cells.
        state: The state of the scan before.
    """
    return Scan(data, quote, delimiter, state)


@njit(
    "Tuple((i8[::1], i8[::1], b1[::1], i8))(Array(u1, 1, 'C', readonly=True), u1[::1], i8, i8)", cache=True, nogil=True
)
def _scan(data, marks, newlines, state):  # type: ignore[no-untyped-def]  # noqa: PLR0912
    ends = np.empty(newlines, np.int64)
    lines = np.empty(newlines, np.int64)
    bare = np.zeros(newlines + 1, np.bool_)
    found, line, at = 0, 0, 0
    while at < data.size:
        mark = marks[data[at]]
        if mark == 0:
            at += 1
            while at < data.size and marks[data[at]] == 0:
                at += 1
            if state != QUOTED:
                state = PLAIN
            continue
        if mark == _NEWLINE:
            line += 1
            if state != QUOTED:
                ends[found] = at
                lines[found] = line
                found += 1
                state = RECORD_START
        elif mark == _QUOTE:
            if state in (RECORD_START, _QUOTE_SEEN):
                state = QUOTED
            elif state == QUOTED:
                state = _QUOTE_SEEN
        elif state != QUOTED:
            if mark == _DELIMITER:
                state = RECORD_START
            else:
                state = PLAIN
                if at + 1 < data.size and data[at + 1] != 10:
                    bare[found] = True
        at += 1
    return ends[:found], lines[:found], bare[:found], state
