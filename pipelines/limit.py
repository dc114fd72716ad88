"""How many records may be set aside before an ingestion is stopped, and where its quarantine is then kept."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gristmill.errors import InputError
from gristmill.files import write_atomic
from pipelines.spill import SPILL

__all__ = ["Limit", "NO_LIMIT", "kept_quarantine"]


@dataclass(frozen=True)
class Limit:
    """The most records in quarantine: a share of what is read, or a number; without either there is no limit."""

    share: float | None = None
    records: int | None = None

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Reads `1%` as a share and `100` as a number.

        Raises:
            InputError: It is neither.
        """
        if text is None:
            return cls()
        if found := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text):
            return cls(share=float(found[1]) / 100)
        if text.strip().isdecimal():
            return cls(records=int(text))
        raise InputError(f"--max-quarantined must be a share such as 1% or a number of records. Received: {text!r}")

    def exceeded(self, read: int, quarantined: int) -> str | None:
        """What the limit is, in words, where more are set aside."""
        if self.share is not None and quarantined > self.share * read:
            return f"{100 * self.share:g}% of the records read"
        if self.records is not None and quarantined > self.records:
            return f"{self.records} records"
        return None

    def hold(self, read: int, aside: int, work: Path, out: Path) -> None:
        """Raises `InputError` beyond the limit, and then keeps the quarantine in a folder of its own beside `out`."""
        kept = kept_quarantine(out)
        shutil.rmtree(kept, ignore_errors=True)
        most = self.exceeded(read, aside)
        if most is None:
            return
        (work / "quarantine").rename(kept)
        raise InputError(f"at most {most} may be set aside. Received: {aside} of {read}; they are kept in {kept}")

    def note(self, work: Path, portion: str, read: int, aside: int) -> None:
        """Notes in the work folder how many records of a portion were read and set aside; a second try notes the same."""
        if self != NO_LIMIT:
            write_atomic(_notes(work) / portion, f"{read} {aside}".encode())

    def passed(self, work: Path) -> bool:
        """Whether what was noted of all portions is beyond the limit, so that there is no use in going on."""
        notes = [path.read_text().split() for path in _notes(work).glob("[0-9]*")] if self != NO_LIMIT else []
        return self.exceeded(*(sum(int(note[i]) for note in notes) for i in (0, 1))) is not None


NO_LIMIT = Limit()


def _notes(work: Path) -> Path:
    folder = work / SPILL / "noted"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def kept_quarantine(out: Path) -> Path:
    """Where the quarantine of an ingestion that was stopped by its limit is kept."""
    return out.with_name(f"{out.name}.quarantine")
