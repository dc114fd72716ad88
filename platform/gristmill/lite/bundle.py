"""Vocabularies, item names and metadata that travel in the .tflite file, as a zip archive at its end.

This is the usual way of associated files in TFLite (https://ai.google.dev/edge/litert/conversion/tensorflow/metadata):
runtimes read the flatbuffer at the front and ignore the rest, `unzip FILE.tflite` reads the end.

    flatbuffer (the model) | asset | asset | ... | zip directory, with the comment "gristmill BYTES SHA256"

BYTES is the length of the flatbuffer, SHA256 the hash of all that stands before it.
"""

import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from gristmill.errors import InputError, IntegrityError
from gristmill.files import write_atomic

__all__ = ["Bundle", "attach", "check_names", "read_assets", "read_bundle", "write_bundle"]

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SEAL = re.compile(rb"gristmill (\d+) ([0-9a-f]{64})\Z")
_SEAL_BYTES = 128
_OWN_ENTRY = struct.pack("<4sHHHHH", b"PK\x03\x04", 20, 0, zipfile.ZIP_DEFLATED, 0, 0x21)
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, ValueError, OSError, EOFError)


class Bundle(NamedTuple):
    """A lite file taken apart: the flatbuffer, and the assets by name."""

    model: bytes
    assets: dict[str, bytes]


def attach(path: Path, assets: Mapping[str, bytes]) -> None:
    """Puts the assets into a .tflite file, in place of those it has; atomic, equal input gives equal bytes.

    Args:
        path: The file to change.
        assets: Content by name; a name is a relative path such as "items.txt".

    Raises:
        InputError: if a name is not a plain relative path.
        IntegrityError: if the file is missing, cut or changed.
    """
    write_bundle(path, read_bundle(path).model, assets)


def read_assets(path: Path) -> dict[str, bytes]:
    """Reads the assets of a .tflite file by name; a file without any gives an empty dict.

    Raises:
        IntegrityError: if the file is missing, cut or changed.
    """
    return read_bundle(path).assets


def read_bundle(path: Path) -> Bundle:
    """Reads a .tflite file and checks its hash, or the checksums of a zip that others made.

    Raises:
        IntegrityError: if the file is missing, cut or changed.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IntegrityError(f"{path.name} cannot be read: {error}") from error
    seal = _SEAL.search(data[-_SEAL_BYTES:])
    if seal and hashlib.sha256(data[:-64]).hexdigest().encode() != seal[2]:
        raise IntegrityError(f"{path.name} is changed: it does not have the hash that it was written with")
    if not zipfile.is_zipfile(io.BytesIO(data)):
        if _OWN_ENTRY in data:
            raise IntegrityError(f"{path.name} is cut: the directory of its assets is missing")
        return Bundle(data, {})
    try:
        start, assets = _read_zip(data)
    except _ZIP_ERRORS as error:
        raise IntegrityError(f"{path.name} is damaged: its assets cannot be read: {error}") from error
    return Bundle(data[: int(seal[1]) if seal else start], assets)


def _read_zip(data: bytes) -> tuple[int, dict[str, bytes]]:
    """Returns where the first entry starts, and all entries by name."""
    end = data.rindex(b"PK\x05\x06") + 22
    if end + int.from_bytes(data[end - 2 : end], "little") != len(data):
        raise zipfile.BadZipFile("the last record is cut")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        start = min((info.header_offset for info in archive.infolist()), default=len(data))
        return start, {name: archive.read(name) for name in archive.namelist()}


def check_names(names: Iterable[str]) -> None:
    """Checks names of assets, so that no `unzip` ever writes outside its folder.

    Raises:
        InputError: if a name is not a plain relative path.
    """
    for name in names:
        path = PurePosixPath(name)
        if name != path.as_posix() or path.is_absolute() or {".", ".."} & {name, *path.parts}:
            raise InputError(f"the name of an asset must be a plain relative path. Received: {name!r}")


def write_bundle(path: Path, model: bytes, assets: Mapping[str, bytes]) -> None:
    """Writes a flatbuffer and its assets as one file; atomic, equal input gives equal bytes.

    Raises:
        InputError: if a name is not a plain relative path.
        WorkError: if the file cannot be written; one that was there is left as it was.
    """
    check_names(assets)
    buffer = io.BytesIO()
    buffer.write(model)
    with zipfile.ZipFile(buffer, "a") as archive:
        for name in sorted(assets):
            archive.writestr(_entry(name), assets[name], compresslevel=9)
        archive.comment = f"gristmill {len(model)} {'0' * 64}".encode()
    unsealed = buffer.getvalue()[:-64]
    write_atomic(path, unsealed + hashlib.sha256(unsealed).hexdigest().encode())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry
