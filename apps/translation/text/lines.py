"""Lines of a file or a pipe as they come, and where their translations go."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from gristmill.errors import InputError, WorkError

__all__ = ["Chunk", "Readable", "count_lines", "open_input", "open_output", "read_file", "read_lines"]

_CHUNK_BYTES = 1 << 18
_BOM = b"\xef\xbb\xbf"


class Readable(Protocol):
    """A buffered stream of bytes."""

    def read1(self, size: int, /) -> bytes:
        """What is there already, at least one byte unless the stream has ended."""


class Chunk(NamedTuple):
    """Lines that came together."""

    lines: list[str]
    ended: bool
    """Whether the last line has an end of line; only the very last one of a stream may lack it."""

    def bytes_of(self, lines: list[str]) -> bytes:
        """Other lines in place of these, as they are written."""
        return ("\n".join(lines) + "\n" * self.ended).encode()


def read_lines(stream: Readable, name: str) -> Iterator[Chunk]:
    r"""Reads a stream of UTF-8; what has come is handed on at once, so that a pipe is answered line by line.

    Only "\n" ends a line; a byte order mark at the start is left out.

    Raises:
        InputError: The bytes are not UTF-8; the error names the line.
    """
    kept, number, first = b"", 0, True
    while data := stream.read1(_CHUNK_BYTES):
        kept += data
        if first and _BOM.startswith(kept[:3]) and len(kept) < len(_BOM):
            continue
        kept, first = (kept.removeprefix(_BOM) if first else kept), False
        whole, end, rest = kept.rpartition(b"\n")
        if end:
            lines = [_decoded(line, number + place, name) for place, line in enumerate(whole.split(b"\n"), start=1)]
            number += len(lines)
            kept = rest
            yield Chunk(lines, True)
    if kept:
        yield Chunk([_decoded(kept, number + 1, name)], False)


def _decoded(line: bytes, number: int, name: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}, line {number}: must be UTF-8. Received: byte 0x{line[error.start]:02x} at place {error.start + 1}"
        ) from error


def read_file(path: Path) -> list[str]:
    """All lines of a file of UTF-8.

    Raises:
        InputError: It cannot be read, or is not UTF-8; the error names the line.
    """
    with open_input(path) as stream:
        return [line for chunk in read_lines(stream, str(path)) for line in chunk.lines]


def count_lines(path: Path) -> int:
    """How many lines a file has; a last one without an end of line counts.

    Raises:
        InputError: It cannot be read.
    """
    count, last = 0, b"\n"
    with open_input(path) as stream:
        while block := stream.read(_CHUNK_BYTES):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")


@contextmanager
def open_input(path: Path) -> Iterator[BufferedReader]:
    """A file as a stream.

    Raises:
        InputError: It cannot be read.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    with stream:
        yield stream


@contextmanager
def open_output(path: Path) -> Iterator[BinaryIO]:
    """A stream that becomes the file when the body ends well; until then, and where it fails, the file is as it was.

    Raises:
        InputError: The folder is not there, or a folder stands in the file's place.
        WorkError: It cannot be written.
    """
    if not path.parent.is_dir() or path.is_dir():
        raise InputError(f"the output must be a file in a folder that is there. Received: {path}")
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        raise WorkError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            partial.unlink()
