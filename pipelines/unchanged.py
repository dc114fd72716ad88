"""Whether the sources are still as they were when the pipeline began."""

from gristmill.errors import InputError
from pipelines.spans import content_sha256, file_states
from pipelines.staging import Prepared, PreparedFile

__all__ = ["check_unchanged"]


def check_unchanged(prepared: Prepared) -> None:
    """Raises `InputError` where a source is no longer as it was when the pipeline began."""
    for file in (*prepared.files, *(prepared.origin.files if prepared.origin else ())):
        try:
            changed = _changed(file)
        except OSError as error:
            raise InputError(f"{file.file.path}: gone while it was read: {error.strerror}") from error
        if changed:
            raise InputError(f"{file.file.path}: changed while it was read; run the same command again")


def _changed(file: PreparedFile) -> bool:
    """Told by size and time of writing; where only the time of any change is another (a new name, rights, a time set
    back), by the contents.
    """
    before, now = file.found.states, file_states(file.file)
    if [state[:2] for state in now] != [state[:2] for state in before]:
        return True
    return now != before and content_sha256(file.file) != file.found.sha256
