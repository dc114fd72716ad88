"""Shards: TFRecord files of Examples, written whole or not at all, and a reader that notices every cut and change."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from isal import igzip, isal_zlib
from numpy.typing import NDArray

from gristmill.data.codec.decoder import decode_frames
from gristmill.data.codec.encoder import encode_blocks
from gristmill.data.codec.frames import Frames, split_frames
from gristmill.data.plan import Layout
from gristmill.errors import IntegrityError, WorkError

__all__ = ["ShardFile", "read_shard", "read_tfrecord", "write_shard"]

_GZIP_LEVEL = 1
_GZIP_WINDOW = 31
_CHUNK_BYTES = 1 << 22


@dataclass(frozen=True)
class ShardFile:
    """A written shard: how many records (rows, in either layout) and bytes, and its hash."""

    name: str
    records: int
    bytes: int
    sha256: str


def write_shard(path: Path, table: pa.Table, layout: Layout, order: NDArray[np.int64] | None = None) -> ShardFile:
    """Writes the rows of a table to a TFRecord file, under a temporary name until it is whole and on the disk.

    Args:
        path: The file.
        table: See `gristmill.data.codec.encode`.
        layout: How rows stand in Examples, and the compression.
        order: Rows to write, in this order; None writes all.

    Raises:
        WorkError: The file cannot be written; what stood at `path` before is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    digest, count = hashlib.sha256(), 0
    try:
        with open(temporary, "wb") as file:
            for block in _packed(encode_blocks(table, layout, order), layout):
                file.write(block)
                digest.update(block)
                count += len(block)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise WorkError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    return ShardFile(path.name, table.num_rows if order is None else len(order), count, digest.hexdigest())


def read_shard(
    path: Path,
    schema: pa.Schema,
    layout: Layout,
    records: int | None = None,
    *,
    skip: int = 0,
    chunk_bytes: int = _CHUNK_BYTES,
) -> Iterator[pa.Table]:
    """The rows of a shard, some at a time.

    Args:
        path: The file.
        schema: Columns to read; others are passed over.
        layout: How rows stand in Examples, and the compression.
        records: How many rows there must be; without it, a file that was cut between two records reads as whole.
        skip: Rows at the start that are checked but not decoded.
        chunk_bytes: What is read at once.

    Raises:
        IntegrityError: The file is cut or changed; the message tells at which record.
    """
    pack = layout.rows if layout.kind == "packed" else 1
    count, first = 0, 0
    for frames in _read_frames(path, layout.compression == "gzip", chunk_bytes):
        passed = min(len(frames.starts), (max(skip, count) - count) // pack)
        count += passed * pack
        wanted = Frames(frames.data, frames.starts[passed:], frames.stops[passed:], frames.used)
        with _naming(path, first):
            table = decode_frames(wanted, schema, layout, first + passed)
        first += len(frames.starts)
        yield table.slice(max(0, skip - count))
        count += table.num_rows
    if records is not None and count != records:
        raise IntegrityError(f"{path}: must have {records} records. Received: {count}")


def read_tfrecord(path: Path) -> Iterator[bytes]:
    """The bytes of each record of a TFRecord file, gzipped if its name ends so.

    Raises:
        IntegrityError: The file is cut or a checksum does not match; the message tells at which record.
    """
    for frames in _read_frames(path, path.suffix == ".gz", _CHUNK_BYTES):
        for start, stop in zip(frames.starts, frames.stops, strict=True):
            yield frames.data[start:stop].tobytes()


def _packed(blocks: Iterable[NDArray[np.uint8]], layout: Layout) -> Iterator[Any]:
    """The blocks as they stand in the file."""
    if layout.compression == "none":
        yield from blocks
        return
    packer = isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW)
    for block in blocks:
        yield packer.compress(block)
    yield packer.flush()


def _read_frames(path: Path, gzipped: bool, chunk_bytes: int) -> Iterator[Frames]:
    """The records of a file, some at a time; their bytes stay only until the next ones are asked for."""
    first = 0
    with _naming(path, first):
        if gzipped and not path.stat().st_size:
            raise EOFError("the file is empty")
        opener: Callable[..., Any] = igzip.open if gzipped else open
        file = opener(path, "rb")
    with file:
        buffer, held = np.empty(chunk_bytes, np.uint8), 0
        while True:
            with _naming(path, first):
                count = file.readinto(buffer[held:].data)
                if held and not count:
                    raise IntegrityError(f"record {first} is cut or its checksum does not match")
                frames = split_frames(buffer[: held + count], first)
            if not count:
                return
            yield frames
            first += len(frames.starts)
            rest = frames.data[frames.used :].copy()
            held = len(rest)
            buffer = buffer if 2 * held <= len(buffer) else np.empty(4 * held, np.uint8)
            buffer[:held] = rest


@contextmanager
def _naming(path: Path, first: int) -> Iterator[None]:
    """Names the file in an error, and the record if the error does not."""
    try:
        yield
    except IntegrityError as error:
        raise IntegrityError(f"{path}: {error}") from error
    except (EOFError, OSError, igzip.BadGzipFile, igzip.isal_zlib.IsalError) as error:
        raise IntegrityError(f"{path}: cut or damaged after {first} records: {error}") from error
