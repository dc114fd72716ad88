"""Sources: files in, blocks of Arrow records out, with the position of each record and whatever could not be read as one."""

import glob
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from isal import igzip

from gristmill.errors import InputError

__all__ = [
    "Block",
    "FORMATS",
    "POSITION",
    "SourceFile",
    "expand_paths",
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
}


@dataclass(frozen=True)
class SourceFile:
    """One file to read."""

    path: str
    format: str
    """`csv`, `tsv`, `jsonl` or `parquet`."""
    index: int = 0
    """Place among the files of one ingestion."""


@dataclass(frozen=True)
class Block:
    """Records that were read together.

    `batch` has the asked-for columns as they stand in the file (text as strings) and `POSITION`, the line (or for
    Parquet the row) of each record, from 1. `raw` holds each record's own text, where the file is text.
    `rejected` lists (position, reason, the record as it came) of what is no record.
    """

    batch: pa.RecordBatch
    raw: pa.Array | None
    rejected: tuple[tuple[int, str, bytes], ...] = ()

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


def source_file(path: str, index: int = 0) -> SourceFile:
    """Tells a file's format by its name; `.gz` may follow any text format.

    Raises:
        InputError: The name's ending is not known.
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    gzipped = bool(suffixes) and suffixes[-1] == ".gz"
    ending = (suffixes[-2:-1] if gzipped else suffixes[-1:]) or [""]
    found = FORMATS.get(ending[0])
    if found is None or (gzipped and found == "parquet"):
        known = ", ".join(sorted(FORMATS))
        raise InputError(
            f"{path}: the name must end in one of {known} (text also with .gz). Received: {Path(path).name}"
        )
    return SourceFile(path, found, index)


def open_binary(path: str) -> BinaryIO:
    """Opens a file for reading, unpacked where it is gzip (told by its first bytes)."""
    with open(path, "rb") as file:
        magic = file.read(2)
    if magic == b"\x1f\x8b":
        return io.BufferedReader(igzip.IGzipFile(path, "rb"), 1 << 20)
    return open(path, "rb")


def read_chunks(path: str, chunk_bytes: int) -> Iterator[bytes]:
    """The unpacked bytes of a file, piece by piece.

    Raises:
        InputError: The gzip stream is cut or damaged; the message tells at which unpacked byte.
    """
    done = 0
    with open_binary(path) as file:
        while True:
            try:
                chunk = file.read(chunk_bytes)
            except (EOFError, OSError, igzip.BadGzipFile, igzip.isal_zlib.IsalError) as error:
                raise InputError(
                    f"{path}: the gzip stream is cut or damaged after {done} unpacked bytes: {error}"
                ) from error
            if not chunk:
                return
            done += len(chunk)
            yield chunk
