"""Cuts a stream of bytes into records at line ends, quoted line ends apart, and sets bad UTF-8 aside."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.errors import InputError

__all__ = ["MAXIMUM_RECORD_BYTES", "Records", "cut_records"]

MAXIMUM_RECORD_BYTES = 64 << 20
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Records:
    """Consecutive records of a text file, line ends left out and blank lines skipped."""

    text: pa.Array
    """Binary array of the records."""
    lines: NDArray[np.int64]
    """Line on which each record starts, from 1."""

    def split_bad_utf8(self) -> tuple["Records", tuple[tuple[int, str, bytes], ...]]:
        """Parts the records that are UTF-8 from those that are not (as position, reason, bytes)."""
        try:
            self.text.cast(pa.string())
            return self, ()
        except pa.ArrowInvalid:
            pass
        reasons = [_utf8_error(record.as_py()) for record in self.text]
        good = np.array([reason is None for reason in reasons], bool)
        rejected = tuple(
            (int(self.lines[i]), reason, self.text[i].as_py()) for i, reason in enumerate(reasons) if reason is not None
        )
        return Records(self.text.filter(pa.array(good)), self.lines[good]), rejected

    def split_bare_returns(
        self, quote: bytes, delimiter: bytes
    ) -> tuple["Records", tuple[tuple[int, str, bytes], ...]]:
        """Parts off the records with a carriage return outside quotes, which a parser would take for a line end."""
        if not pc.any(pc.match_substring(self.text, "\r"), min_count=0).as_py():
            return self, ()
        texts = self.text.to_pylist()
        data = b"\n".join(texts) + b"\n"
        array = np.frombuffer(data, np.uint8)
        returns = np.flatnonzero((array[:-1] == 13) & (array[1:] != 10))
        if quote:
            returns = returns[np.searchsorted(_effective_quotes(data, quote, delimiter), returns) % 2 == 0]
        ends = np.cumsum([len(text) + 1 for text in texts])
        good = np.ones(len(texts), bool)
        good[np.searchsorted(ends, returns, side="right")] = False
        reason = "a carriage return stands outside quotes"
        rejected = tuple((int(self.lines[i]), reason, texts[i]) for i in np.flatnonzero(~good))
        return Records(self.text.filter(pa.array(good)), self.lines[good]), rejected


def _utf8_error(record: bytes) -> str | None:
    try:
        record.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte {record[error.start]:#04x} at byte {error.start} of the record"
    return None


def cut_records(
    path: str, chunks: Iterable[bytes], quote: bytes = b"", delimiter: bytes = b",", whole: bool = True
) -> Iterator[Records]:
    """Cuts chunks of a file into records; with `quote`, a line end between two quotes is part of its record.

    A quote count that is odd at a line's end means that a quoted cell goes on, so a running parity over the chunk
    finds the true record ends without parsing cells.

    Args:
        path: The file, for errors.
        chunks: Its unpacked bytes.
        quote: The quote character, or nothing where the format has none.
        delimiter: What stands between cells; a quote opens a cell only at the cell's start.
        whole: Whether the chunks are all of the file; else a last record without a line end may be cut and, where
            others stand before it, is left out.

    Raises:
        InputError: A record is longer than `MAXIMUM_RECORD_BYTES` (an unclosed quote, or not a text file).
    """
    rest, line = b"", 1
    first = True
    for chunk in chunks:
        data = rest + chunk
        if first:
            data = data.removeprefix(_BOM)
            first = False
        ends, lines_at_end = _record_ends(data, quote, delimiter)
        if not ends.size:
            if len(data) > MAXIMUM_RECORD_BYTES:
                raise InputError(
                    f"{path}:{line}: a record must be at most {MAXIMUM_RECORD_BYTES} bytes. Received: a longer one, "
                    "perhaps by a quote that is never closed"
                )
            rest = data
            continue
        yield _make(data, ends, line + np.concatenate([[0], lines_at_end[:-1]]))
        line += int(lines_at_end[-1])
        rest = data[ends[-1] + 1 :]
    if rest.strip(b"\r\n") and (whole or line == 1):
        if whole and quote and _effective_quotes(rest, quote, delimiter).size % 2:
            raise InputError(f"{path}:{line}: a quote is opened and never closed")
        yield _make(rest + b"\n", np.array([len(rest)]), np.array([line]))


def _record_ends(data: bytes, quote: bytes, delimiter: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offsets of the newlines that end records, and how many lines stand up to each."""
    array = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(array == 10)
    count = np.arange(1, newlines.size + 1)
    if quote and quote in data:
        quotes = _effective_quotes(data, quote, delimiter)
        closed = np.searchsorted(quotes, newlines) % 2 == 0
        newlines, count = newlines[closed], count[closed]
    return newlines, count


def _effective_quotes(data: bytes, quote: bytes, delimiter: bytes) -> NDArray[np.int64]:
    """Offsets of the quotes that open and close cells, in turns; one inside an unquoted cell is a character like others.

    `data` starts at a record's start. Where every quote that would open stands at a cell's start or doubles the one
    before it, all of them count.
    """
    array = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(array == quote[0])
    opening = quotes[0::2]
    before = np.where(opening > 0, array[opening - 1], 10)
    if np.isin(before, np.frombuffer(delimiter + quote + b"\n", np.uint8)).all():
        return quotes
    effective: list[int] = []
    starts, at, is_open = (delimiter[0], 10), 0, False
    places = quotes.tolist()
    while at < len(places):
        place = places[at]
        doubled = is_open and at + 1 < len(places) and places[at + 1] == place + 1
        if not doubled and (is_open or place == 0 or data[place - 1] in starts):
            effective.append(place)
            is_open = not is_open
        at += 1 + doubled
    return np.array(effective, np.int64)


def _make(data: bytes, ends: NDArray[np.int64], lines: NDArray[np.int64]) -> Records:
    array = np.frombuffer(data, np.uint8)
    starts = np.concatenate([[0], ends[:-1] + 1])
    stops = ends - ((ends > starts) & (array[np.maximum(ends - 1, 0)] == 13))
    keep = stops > starts
    starts, stops, lines = starts[keep], stops[keep], np.asarray(lines, np.int64)[keep]
    return Records(_slices(data, starts, stops), lines)


def _slices(data: bytes, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> pa.Array:
    """A binary array of `data[start:stop]` for each pair; what lies between them is sliced too, and not taken."""
    offsets = np.append(np.stack([starts, stops], axis=1).reshape(-1), len(data)).astype(np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    with_gaps = pa.Array.from_buffers(pa.large_binary(), 2 * len(starts), buffers)
    return with_gaps.take(pa.array(np.arange(0, 2 * len(starts), 2)))
