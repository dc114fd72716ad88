"""Cuts a stream of bytes into pieces of whole records, and those into records where they have to be looked at singly."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import InputError
from pipelines.readers.scan import Scan, scan_records

__all__ = ["MAXIMUM_RECORD_BYTES", "Piece", "Records", "cut_pieces", "cut_records"]

MAXIMUM_RECORD_BYTES = 64 << 20
_BOM = b"\xef\xbb\xbf"

Rejected = tuple[tuple[int, str, bytes], ...]


@dataclass(frozen=True)
class Records:
    """Consecutive records of a text file, line ends left out and blank lines skipped."""

    text: pa.Array
    """Binary array of the records."""
    lines: NDArray[np.int64]
    """Line on which each record starts, from 1."""
    bare: NDArray[np.bool_]
    """Whether a carriage return stands in it outside quotes, which a parser would take for a line end."""

    def take(self, keep: NDArray[np.bool_]) -> "Records":
        """The records of a mask."""
        return Records(self.text.filter(pa.array(keep)), self.lines[keep], self.bare[keep])

    def split_bad_utf8(self) -> tuple["Records", Rejected]:
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
        return self.take(good), rejected

    def split_bare_returns(self) -> tuple["Records", Rejected]:
        """Parts off the records with a carriage return outside quotes."""
        if not self.bare.any():
            return self, ()
        reason = "a carriage return stands outside quotes"
        rejected = tuple((int(self.lines[i]), reason, self.text[i].as_py()) for i in np.flatnonzero(self.bare))
        return self.take(~self.bare), rejected


@dataclass(frozen=True)
class Piece:
    """Consecutive whole records as they stand in the file, each ended by a newline."""

    data: bytes
    line: int
    """Line on which the first record starts, from 1."""
    newlines: int
    """How many newlines there are."""
    quote: bytes
    delimiter: bytes

    @cached_property
    def scan(self) -> Scan:
        """Where the records end."""
        return scan_records(self.data, self.quote, self.delimiter)

    @cached_property
    def has_quotes(self) -> bool:
        """Whether a line end may be part of a record."""
        return bool(self.quote) and self.quote in self.data

    @cached_property
    def records(self) -> int:
        """Number of records, blank lines counted."""
        return len(self.scan.ends) if self.has_quotes else self.newlines

    @property
    def starts(self) -> NDArray[np.int64]:
        """Line on which each record starts, blank lines counted."""
        if not self.has_quotes:
            return np.arange(self.line, self.line + self.records)
        return self.line + np.concatenate([[0], self.scan.lines[:-1]])

    @property
    def has_bare_returns(self) -> bool:
        """Whether a carriage return stands outside quotes and before no newline."""
        if b"\r" not in self.data:
            return False
        if self.has_quotes:
            return bool(self.scan.bare.any())
        return self.data.count(b"\r") != self.data.count(b"\r\n")

    @property
    def is_utf8(self) -> bool:
        """Whether all of it is UTF-8."""
        if self.data.isascii():
            return True
        try:
            self.data.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return True

    def cut(self) -> Records:
        """The records singly."""
        array = np.frombuffer(self.data, np.uint8)
        ends = self.scan.ends
        starts = np.concatenate([[0], ends[:-1] + 1])
        stops = ends - ((ends > starts) & (array[np.maximum(ends - 1, 0)] == 13))
        lines = self.line + np.concatenate([[0], self.scan.lines[:-1]])
        keep = stops > starts
        return Records(
            _slices(self.data, starts[keep], stops[keep]), lines[keep].astype(np.int64), self.scan.bare[keep]
        )


def _utf8_error(record: bytes) -> str | None:
    try:
        record.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte {record[error.start]:#04x} at byte {error.start} of the record"
    return None


def cut_pieces(
    path: str,
    chunks: Iterable[bytes],
    quote: bytes = b"",
    delimiter: bytes = b",",
    *,
    whole: bool = True,
    line: int = 1,
) -> Iterator[Piece]:
    """Cuts chunks of a file into pieces of whole records; with `quote`, a line end in quotes is part of its record.

    Args:
        path: The file, for errors.
        chunks: Its unpacked bytes, from the file's start or a record's.
        quote: The quote character, or nothing where the format has none.
        delimiter: What stands between cells; a quote opens a cell only at the cell's start.
        whole: Whether the chunks reach the end of the file; else a last record without a line end may be cut and, where
            others stand before it, is left out.
        line: Line on which the first chunk starts.

    Raises:
        InputError: A record is longer than `MAXIMUM_RECORD_BYTES` (an unclosed quote, or not a text file).
    """
    rest, first = b"", line
    for chunk in chunks:
        if line == 1 and not rest:
            chunk = chunk.removeprefix(_BOM)
        data = rest + chunk
        end = _last_end(data, quote, delimiter)
        if end < 0:
            if len(data) > MAXIMUM_RECORD_BYTES:
                raise InputError(
                    f"{path}:{line}: a record must be at most {MAXIMUM_RECORD_BYTES} bytes. Received: a longer one, "
                    "perhaps by a quote that is never closed"
                )
            rest = data
            continue
        newlines = data.count(b"\n", 0, end + 1)
        yield Piece(data[: end + 1], line, newlines, quote, delimiter)
        line += newlines
        rest = data[end + 1 :]
    if rest.strip(b"\r\n") and (whole or line == first):
        if whole and quote and scan_records(rest, quote, delimiter).open:
            raise InputError(f"{path}:{line}: a quote is opened and never closed")
        yield Piece(rest + b"\n", line, rest.count(b"\n") + 1, quote, delimiter)


def cut_records(
    path: str, chunks: Iterable[bytes], quote: bytes = b"", delimiter: bytes = b",", **how: bool
) -> Iterator[Records]:
    """The records of chunks of a file, piece by piece; see `cut_pieces`."""
    for piece in cut_pieces(path, chunks, quote, delimiter, **how):
        yield piece.cut()


def _last_end(data: bytes, quote: bytes, delimiter: bytes) -> int:
    """Offset of the newline that ends the last whole record, or -1."""
    if not quote or quote not in data:
        return data.rfind(b"\n")
    ends = scan_records(data, quote, delimiter).ends
    return int(ends[-1]) if ends.size else -1


def _slices(data: bytes, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> pa.Array:
    """A binary array of `data[start:stop]` for each pair; what lies between them is sliced too, and not taken."""
    offsets = np.append(np.stack([starts, stops], axis=1).reshape(-1), len(data)).astype(np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    with_gaps = pa.Array.from_buffers(pa.large_binary(), 2 * len(starts), buffers)
    return with_gaps.take(pa.array(np.arange(0, 2 * len(starts), 2)))
