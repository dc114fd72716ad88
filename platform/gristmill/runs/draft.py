"""The files of a run while it is being put together."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from gristmill import staging
from gristmill.errors import InputError, WorkError
from gristmill.files import json_text, read_json, write_json_atomic

HISTORY = "history.jsonl"


class Draft:
    """A run folder that is being put together in a temporary place.

    Attributes:
        out: Absolute path that the run will have.
        path: The temporary folder; write any file of the run below it.
    """

    def __init__(self, out: Path) -> None:
        self.out = Path(os.path.abspath(out))
        self.path = staging.partial_path(self.out) if self.out.name else self.out

    def file(self, name: str) -> Path:
        """Returns where the file or folder `name` of the run can be read at this moment, there or not."""
        return self.path / inside(name)

    def read_json(self, name: str, default: object = None) -> Any:
        """Returns the content of a JSON file of the run, or `default` if it has not been written."""
        path = self.file(name)
        return read_json(path) if path.exists() else default

    def write_json(self, name: str, obj: object) -> Path:
        """Writes a JSON file of the run and returns its path; keys keep their order.

        Raises:
            WorkError: A value is NaN, infinite or no JSON value (the error names its key); the disk is full.
        """
        path = self.path / inside(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json_atomic(path, obj)
        return path

    def write_bytes(self, name: str, content: bytes) -> Path:
        """Writes any file of the run and returns its path."""
        path = self.path / inside(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def log(self, **values: object) -> None:
        """Appends one line to `history.jsonl`, such as `log(epoch=3, loss=0.51)`; it is on file at once.

        Raises:
            WorkError: A value is NaN, infinite or no JSON value (the error names its key); the disk is full.
        """
        line = json_text(values, HISTORY) + "\n"
        try:
            with open(self.path / HISTORY, "ab") as stream:
                stream.write(line.encode())
        except OSError as error:
            raise WorkError(f"cannot write {HISTORY} of the run {self.out}: {error.strerror}") from error


def inside(name: str) -> str:
    """Returns the name of a file of a run, or raises `InputError` if it leads out of the run folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise InputError(f"a file of a run is named by its path inside the run folder. Received: {name!r}")
    return name


@contextmanager
def dropped_on_error(out: Path, lock: int) -> Iterator[None]:
    """Drops the temporary folder of `out` on any error; a failed file operation becomes a `WorkError`."""
    try:
        yield
    except BaseException as error:
        staging.drop(out, lock)
        if isinstance(error, OSError):
            raise WorkError(f"cannot write the run {out}: {error.strerror or error}") from error
        raise
