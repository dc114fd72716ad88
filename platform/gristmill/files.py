"""Files that are either whole or not there: atomic writes, syncing, hashes and strict JSON."""

import hashlib
import json
import math
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gristmill.errors import IntegrityError, WorkError

__all__ = [
    "json_text",
    "plain_json",
    "read_json",
    "sha256_file",
    "sync_folder",
    "sync_tree",
    "write_atomic",
    "write_json_atomic",
]


def sha256_file(path: Path) -> str:
    """Returns the SHA-256 of a file as 64 hexadecimal digits, without holding the file in memory."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_atomic(path: Path, data: bytes) -> None:
    """Writes `data` beside `path`, syncs it and renames it there: a reader sees the old file or the new one.

    Raises:
        WorkError: The file cannot be written; what stood at `path` before is untouched.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with open(partial, "xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, path)
        sync_folder(path.parent)
    except OSError as error:
        raise WorkError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            partial.unlink()


def write_json_atomic(path: Path, obj: object) -> None:
    """Writes `obj` as JSON, keys in the order in which they stand, atomically (see `write_atomic`).

    Raises:
        WorkError: A value is not a JSON value (NaN, infinity, an object); the error names its key.
    """
    path = Path(path)
    write_atomic(path, (json_text(obj, path.name, indent=2) + "\n").encode())


def json_text(obj: object, name: str, indent: int | None = None) -> str:
    """Returns `obj` as strict JSON text; `name` says in an error what was being written."""
    try:
        return json.dumps(plain_json(obj), indent=indent, allow_nan=False, ensure_ascii=False)
    except ValueError as error:
        raise WorkError(f"cannot write {name}: {error}") from error


def plain_json(obj: object, key: str = "") -> Any:
    """Returns `obj` with tuples and NumPy values turned into the lists and numbers of JSON.

    Args:
        obj: Mappings with string keys, lists, tuples, texts, numbers, booleans, None, NumPy values.
        key: Dotted name of the place where `obj` stands, for the error.

    Raises:
        ValueError: A value or key has no JSON form; the text names the place.
    """
    if obj is None or isinstance(obj, str | bool | int):
        return obj
    if isinstance(obj, float):
        if not math.isfinite(obj):
            raise ValueError(f"{_place(key)} must be a finite number. Received: {obj}")
        return float(obj)
    if isinstance(obj, Mapping):
        return {
            _text_key(name, key): plain_json(value, f"{key}.{name}" if key else str(name))
            for name, value in obj.items()
        }
    if isinstance(obj, list | tuple):
        return [plain_json(value, f"{key}[{position}]") for position, value in enumerate(obj)]
    if hasattr(obj, "tolist"):
        return plain_json(obj.tolist(), key)
    raise ValueError(f"{_place(key)} must be a JSON value. Received: {type(obj).__name__}")


def _text_key(name: object, key: str) -> str:
    if isinstance(name, str):
        return name
    raise ValueError(f"the keys of {_place(key)} must be texts. Received: {name!r}")


def _place(key: str) -> str:
    return f"`{key}`" if key else "the value"


def read_json(path: Path) -> Any:
    """Reads a JSON file.

    Raises:
        IntegrityError: The file is missing or is no JSON; the error names it and the position.
    """
    try:
        return json.loads(Path(path).read_bytes())
    except FileNotFoundError as error:
        raise IntegrityError(f"{path} is missing") from error
    except ValueError as error:
        raise IntegrityError(f"{path} is not JSON: {error}") from error


def sync_tree(path: Path) -> None:
    """Makes every file and folder under `path` durable: each is fsynced, a folder after what it holds."""
    for folder, _, names in os.walk(path, topdown=False):
        for name in names:
            _sync(os.path.join(folder, name))
        _sync(folder)


def sync_folder(path: Path) -> None:
    """Makes the names in a folder durable, as is needed after a rename."""
    _sync(path)


def _sync(path: str | Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
