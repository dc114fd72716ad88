"""What the stages of a pipeline tell the process that started it."""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gristmill.data.manifest import FileEntry
from gristmill.files import write_atomic

__all__ = ["Failed", "Quarantined", "Read", "Written", "load_outcome", "save_outcome", "told"]

_OUTCOME = ".outcome"


@dataclass(frozen=True)
class Read:
    """How many records a portion held."""

    file: int
    records: int
    unseen: frozenset[str] = frozenset()
    """Columns that no record of it has."""


@dataclass(frozen=True)
class Failed:
    """A file that could not be read, and why."""

    file: int
    message: str


@dataclass(frozen=True)
class Written:
    """A shard or side table, how many records of each source file it holds, and where its statistics lie."""

    source: int
    name: str
    partition: int
    entry: FileEntry
    by_file: dict[int, int]
    state: str


@dataclass(frozen=True)
class Quarantined:
    """The quarantine of one source file."""

    file: int
    entry: FileEntry


def told(what: Any) -> tuple[int, Any]:
    """Keyed, so that all that is told meets in one place."""
    return 0, what


def save_outcome(outcomes: list[Any], work: Path) -> None:
    """Keeps what was told in the work folder."""
    write_atomic(work / _OUTCOME, pickle.dumps(outcomes))


def load_outcome(work: Path) -> list[Any]:
    """What was told, once."""
    path = work / _OUTCOME
    outcomes: list[Any] = pickle.loads(path.read_bytes())
    path.unlink()
    return outcomes
