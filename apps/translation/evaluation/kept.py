"""The translations of a test set as a run keeps them: tab-separated lines of source, reference and translation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gristmill.errors import IntegrityError

__all__ = ["Kept", "TRANSLATIONS", "kept_bytes", "read_kept"]

TRANSLATIONS = "translations.tsv"
"""Name of the file among those of an evaluation."""
_COLUMNS = 3


@dataclass(frozen=True)
class Kept:
    """A test set and its translation, a sentence a place."""

    sources: tuple[str, ...]
    references: tuple[str, ...]
    translations: tuple[str, ...]


def kept_bytes(sources: Sequence[str], references: Sequence[str], translations: Sequence[str]) -> bytes:
    """The file's content; a tab or an end of line inside a text becomes a space."""
    rows = zip(sources, references, translations, strict=True)
    return "".join("\t".join(map(_in_a_cell, row)) + "\n" for row in rows).encode()


def read_kept(path: Path) -> Kept:
    """Reads the file.

    Raises:
        IntegrityError: It is not UTF-8, has no line, or one that is not source, reference and translation.
    """
    try:
        lines = path.read_bytes().decode().split("\n")[:-1]
    except UnicodeDecodeError as error:
        raise IntegrityError(f"{path} must be UTF-8: {error}") from error
    rows = [line.split("\t") for line in lines]
    for number, row in enumerate(rows, start=1):
        if len(row) != _COLUMNS:
            raise IntegrityError(
                f"{path}, line {number}: must be source, reference and translation. Received: {len(row)} columns"
            )
    if not rows:
        raise IntegrityError(f"{path} must have a line for each sentence. Received: none")
    return Kept(*map(tuple, zip(*rows, strict=True)))


def _in_a_cell(text: str) -> str:
    return text.replace("\t", " ").replace("\n", " ")
