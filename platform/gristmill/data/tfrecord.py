"""TFRecord files: framing with checksums, gzip, and a reader that notices a cut or changed file.

Format: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

import io
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import google_crc32c
from isal import igzip

from gristmill.errors import IntegrityError
from gristmill.files import sha256_file

__all__ = ["ShardFile", "read_tfrecord", "write_tfrecord"]

_GZIP_LEVEL = 1
_BUFFER_BYTES = 1 << 18
"""Records are packed many at a time, as each call of the packer costs as much as a hundred bytes."""
_LENGTH = struct.Struct("<Q")
_CHECK = struct.Struct("<I")


@dataclass(frozen=True)
class ShardFile:
    """A written shard: how many records and bytes, and its hash."""

    name: str
    records: int
    bytes: int
    sha256: str


def write_tfrecord(path: Path, records: Iterable[bytes]) -> ShardFile:
    """Writes records to a gzipped TFRecord file, under a temporary name until it is whole and on the disk."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    count = 0
    try:
        with open(temporary, "wb") as raw:
            packed = igzip.IGzipFile(filename="", fileobj=raw, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0)
            with io.BufferedWriter(packed, _BUFFER_BYTES) as file:
                for record in records:
                    length = _LENGTH.pack(len(record))
                    file.write(length + _masked(length) + record + _masked(record))
                    count += 1
            raw.flush()
            os.fsync(raw.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return ShardFile(path.name, count, path.stat().st_size, sha256_file(path))


def read_tfrecord(path: Path) -> Iterator[bytes]:
    """The records of a gzipped TFRecord file.

    Raises:
        IntegrityError: The file is cut or a checksum does not match; the message tells at which record.
    """
    index = 0
    try:
        if not path.stat().st_size:
            raise EOFError("the file is empty")
        with igzip.open(path, "rb") as file:
            while header := file.read(12):
                length = header[:8]
                (size,) = _LENGTH.unpack(length) if len(length) == 8 else (0,)
                body = file.read(size + 4) if header[8:] == _masked(length) else b""
                if len(body) != size + 4 or body[size:] != _masked(body[:size]):
                    raise IntegrityError(f"{path}: record {index} is cut or its checksum does not match")
                yield body[:size]
                index += 1
    except (EOFError, OSError, igzip.BadGzipFile, igzip.isal_zlib.IsalError) as error:
        raise IntegrityError(f"{path}: cut or damaged after {index} records: {error}") from error


def _masked(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    return _CHECK.pack(((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
