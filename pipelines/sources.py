"""Sources: files in, blocks of Arrow records out, with the position of each record and whatever could not be read as one."""

import glob
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import google_crc32c
import pyarrow as pa
from isal import igzip

from gristmill.errors import InputError

__all__ = [
    "Block",
    "FORMATS",
    "PARALLEL",
    "POSITION",
    "SourceFile",
    "Span",
    "WHOLE",
    "expand_paths",
    "is_gzip",
    "open_binary",
    "read_chunks",
    "source_file",
]

POSITION = "__position__"
"""Name of the column that holds a record's place in its file."""
FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".inter": "tsv",
    ".item": "tsv",
    ".user": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".tmx": "tmx",
}


PARALLEL = "::"
"""Between the two files of a source of format `parallel`: line n of the left one goes with line n of the right one."""


@dataclass(frozen=True)
class SourceFile:
    """One file to read, or two whose lines go together."""

    path: str
    format: str
    """`csv`, `tsv`, `jsonl`, `parquet`, `tmx` or `parallel`."""
    index: int = 0
    """Place among the files of one ingestion."""
    columns: tuple[str, ...] = ()
    """Names of the columns of a delimited file without a header line."""

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the files themselves."""
        return tuple(self.path.split(PARALLEL)) if self.format == "parallel" else (self.path,)


@dataclass(frozen=True)
class Span:
    """A part of a file that is read on its own: bytes of a text file from one record's start to another's, or row groups."""

    start: int = 0
    stop: int | None = None
    """None: to the end."""
    line: int = 1
    """Line (or row) at which it starts."""
    crc32c: int | None = None
    """Checksum of its bytes when the ingestion began, where it was taken."""


WHOLE = Span()


@dataclass(frozen=True)
class Block:
    """Records that were read together.

    `batch` has the asked-for columns and `POSITION`, the line (or for Parquet the row) of each record, from 1.
    `raw` holds each record's own text, where the file is text and its cells are strings. `rejected` lists (position,
    reason, the record as it came) of what is no record. `as_text` reads the same records anew with every cell as it
    stands in the file; a block that has it was parsed to numbers and holds no record that could not be.
    """

    batch: pa.RecordBatch
    raw: pa.Array | None
    rejected: tuple[tuple[int, str, bytes], ...] = ()
    as_text: "Callable[[], tuple[Block, ...]] | None" = None
    bytes: int = 0
    """Of the file's text that it was read from."""
    unseen: tuple[str, ...] = ()
    """Columns that no record of a span has; told with its last block."""

    @property
    def read(self) -> int:
        """Number of records that were read, good or not."""
        return self.batch.num_rows + len(self.rejected)


def expand_paths(patterns: Sequence[str | Path]) -> list[str]:
    """The files that paths and globs name, sorted and each once, also where two names lead to it.

    Raises:
        InputError: A path names no file, or a folder.
    """
    found: dict[str, str] = {}
    for pattern in map(str, patterns):
        if PARALLEL in pattern:
            found.setdefault(pattern, _parallel(pattern))
            continue
        paths = [pattern] if Path(pattern).exists() else glob.glob(pattern, recursive=True)
        if not paths:
            raise InputError(f"{pattern}: no such file")
        for path in paths:
            if Path(path).is_dir():
                raise InputError(f"{path}: a file is needed. Received: a folder (name its files, or a glob)")
            if not Path(path).is_file():
                raise InputError(f"{path}: a regular file is needed, which can be read twice")
            found.setdefault(os.path.realpath(path), path)
    return sorted(found.values())


def _parallel(path: str) -> str:
    sides = path.split(PARALLEL)
    if len(sides) != 2:
        raise InputError(f"{path}: two files are needed, LEFT{PARALLEL}RIGHT. Received: {len(sides)}")
    for side in sides:
        if not Path(side).is_file():
            raise InputError(f"{side}: no such file")
    return path


def source_file(path: str, index: int = 0, columns: tuple[str, ...] = ()) -> SourceFile:
    """Tells a file's format by its name; `.gz` may follow any text format.

    Raises:
        InputError: The name's ending is not known.
    """
    if PARALLEL in path:
        return SourceFile(path, "parallel", index)
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    gzipped = bool(suffixes) and suffixes[-1] == ".gz"
    ending = (suffixes[-2:-1] if gzipped else suffixes[-1:]) or [""]
    found = FORMATS.get(ending[0])
    if found is None or (gzipped and found == "parquet"):
        known = ", ".join(sorted(FORMATS))
        raise InputError(
            f"{path}: the name must end in one of {known} (text also with .gz). Received: {Path(path).name}"
        )
    return SourceFile(path, found, index, columns)


def is_gzip(path: str) -> bool:
    """Whether a file is gzip, told by its first bytes."""
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def open_binary(path: str) -> BinaryIO:
    """Opens a file for reading, unpacked where it is gzip."""
    if is_gzip(path):
        return io.BufferedReader(igzip.IGzipFile(path, "rb"), 1 << 20)
    return open(path, "rb")


def read_chunks(path: str, chunk_bytes: int, span: Span = WHOLE) -> Iterator[bytes]:
    """The unpacked bytes of a file or of a span of it, piece by piece.

    Raises:
        InputError: The gzip stream is cut or damaged (the message tells at which unpacked byte), or the span's bytes
            are not those of when the ingestion began.
    """
    done, crc = 0, 0
    with open_binary(path) as file:
        if span.start:
            file.seek(span.start)
        while True:
            wanted = chunk_bytes if span.stop is None else min(chunk_bytes, span.stop - span.start - done)
            try:
                chunk = file.read(wanted)
            except (EOFError, OSError, igzip.BadGzipFile, igzip.isal_zlib.IsalError) as error:
                disk = isinstance(error, OSError) and error.errno is not None
                what = "cannot be read" if disk else "the gzip stream is cut or damaged"
                raise InputError(f"{path}: {what} after {done} unpacked bytes: {error}") from error
            if not chunk:
                break
            if span.crc32c is not None:
                crc = google_crc32c.extend(crc, chunk)
            done += len(chunk)
            yield chunk
    if span.crc32c is not None and crc != span.crc32c:
        raise InputError(f"{path}: changed while it was read; run the same command again")
