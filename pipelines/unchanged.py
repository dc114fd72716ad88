"""Whether the sources are still as they were when the pipeline began."""

import os

from gristmill.errors import InputError
from pipelines.staging import Prepared

__all__ = ["check_unchanged"]


def check_unchanged(prepared: Prepared) -> None:
    """Raises `InputError` where a source is no longer as it was when the pipeline began."""
    for file in prepared.files:
        try:
            states = [os.stat(path) for path in file.file.files]
        except OSError as error:
            raise InputError(f"{file.file.path}: gone while it was read: {error.strerror}") from error
        now = sum(state.st_size for state in states), max(state.st_mtime_ns for state in states)
        if now != (file.found.bytes, file.found.modified_ns):
            raise InputError(f"{file.file.path}: changed while it was read; run the same command again")
