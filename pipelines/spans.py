"""Looks at a source file once before it is read: its hash, and the spans of whole records into which it can be parted."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

import google_crc32c
import pyarrow as pa
import pyarrow.parquet as pq

from gristmill.errors import InputError
from pipelines.readers.delimited import DIALECTS
from pipelines.readers.scan import PLAIN, QUOTED, RECORD_START, scan_records
from pipelines.sources import WHOLE, SourceFile, Span, is_gzip

__all__ = ["LookedAt", "SPAN_BYTES", "content_sha256", "file_states", "look_at", "unpacked_bytes"]

SPAN_BYTES = 32 << 20
"""Bytes of a span of text, or of the unpacked columns of a span of Parquet."""
_CHUNK_BYTES = 1 << 20
_PACKED = 4
"""About how many bytes a byte of gzip stands for."""
_BOM = b"\xef\xbb\xbf"


State = tuple[int, int, int]
"""Bytes of a file, when it was written (in ns), and when that or its name, rights or times were changed."""


@dataclass(frozen=True)
class LookedAt:
    """A source file as it was found."""

    bytes: int
    unpacked: int
    """Bytes of what it holds; of gzip a guess."""
    states: tuple["State", ...]
    """Of each of its files."""
    sha256: str
    spans: tuple[Span, ...]


def look_at(source: SourceFile) -> LookedAt:
    """Reads a file once, for its hash and its spans.

    Raises:
        InputError: It cannot be read.
    """
    try:
        states = file_states(source)
        size = sum(state[0] for state in states)
        if source.format == "parquet":
            unpacked, spans = _row_groups(source.path)
            return LookedAt(size, unpacked or size, states, content_sha256(source), spans)
        if source.format in ("parallel", "tmx") or is_gzip(source.path):
            unpacked = size * _PACKED if source.format != "parallel" and is_gzip(source.path) else size
            return LookedAt(size, unpacked, states, content_sha256(source), (WHOLE,))
        digest = hashlib.sha256()
        spans = tuple(_text_spans(source, digest))
        return LookedAt(size, size, states, digest.hexdigest(), spans)
    except OSError as error:
        raise InputError(f"{source.path}: cannot be read: {error.strerror}") from error


def file_states(source: SourceFile) -> tuple[State, ...]:
    """The state of each of its files now."""
    found = [os.stat(path) for path in source.files]
    return tuple((state.st_size, state.st_mtime_ns, state.st_ctime_ns) for state in found)


def content_sha256(source: SourceFile) -> str:
    """The hash of what it holds; of two files that of their hashes."""
    digests = [_sha256(path) for path in source.files]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def unpacked_bytes(source: SourceFile) -> int:
    """About how many bytes a file holds, without reading it.

    Raises:
        InputError: It cannot be read.
    """
    try:
        size = sum(os.stat(path).st_size for path in source.files)
        if source.format == "parquet":
            return _row_groups(source.path)[0] or size
        return size * _PACKED if source.format != "parallel" and is_gzip(source.path) else size
    except OSError as error:
        raise InputError(f"{source.path}: cannot be read: {error.strerror}") from error


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _text_spans(source: SourceFile, digest: "hashlib._Hash") -> Iterator[Span]:
    """Spans that begin and end at records; all bytes of the file go through the digest."""
    quote = DIALECTS[source.format][1] if source.format in DIALECTS else b""
    delimiter = DIALECTS[source.format][0].encode() if source.format in DIALECTS else b""
    with open(source.path, "rb") as file:

        def chunks() -> Iterator[bytes]:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                yield chunk

        start, line, crc, at, lines, any_text = 0, 1, 0, 0, 0, False
        state = RECORD_START
        for chunk in chunks():
            text = chunk if at else chunk.removeprefix(_BOM)
            end, lines_at_end, all_lines, state = _last_end(text, quote, delimiter, state)
            cut = end + 1 + len(chunk) - len(text)
            any_text = any_text or bool(text[: end + 1].strip(b"\r\n"))
            if end >= 0 and at + cut - start >= SPAN_BYTES and any_text:  # the first span holds the header
                yield Span(start, at + cut, line, google_crc32c.extend(crc, chunk[:cut]))
                start, line, crc = at + cut, lines + lines_at_end + 1, google_crc32c.value(chunk[cut:])
            else:
                crc = google_crc32c.extend(crc, chunk)
            at, lines = at + len(chunk), lines + all_lines
        yield Span(start, None, line, crc)


def _last_end(text: bytes, quote: bytes, delimiter: bytes, state: int) -> tuple[int, int, int, int]:
    """Offset of the newline that ends the last whole record or -1, newlines up to it, all newlines, and the new state."""
    if state != QUOTED and not (quote and quote in text):
        count = text.count(b"\n")
        at_start = text.endswith((b"\n", delimiter) if delimiter else b"\n")
        return text.rfind(b"\n"), count, count, RECORD_START if at_start else PLAIN
    scan = scan_records(text, quote, delimiter, state)
    end, lines = (int(scan.ends[-1]), int(scan.lines[-1])) if scan.ends.size else (-1, 0)
    return end, lines, text.count(b"\n"), scan.state


def _row_groups(path: str) -> tuple[int, tuple[Span, ...]]:
    """Bytes of the unpacked columns, and spans of row groups; of a file that cannot be read one, whose reader says so."""
    try:
        with pq.ParquetFile(path) as file:
            groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return 0, (WHOLE,)
    spans: list[Span] = []
    start, line, size, rows = 0, 1, 0, 0
    for i, group in enumerate(groups):
        if size and size + group.total_byte_size > SPAN_BYTES:
            spans.append(Span(start, i, line))
            start, line, size = i, rows + 1, 0
        size += group.total_byte_size
        rows += group.num_rows
    spans.append(Span(start, None, line))
    return sum(group.total_byte_size for group in groups), tuple(spans)
