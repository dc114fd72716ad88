"""How many records may be set aside before an ingestion is stopped, and where its quarantine is then kept."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gristmill.data.manifest import SourceReport
from gristmill.errors import InputError

__all__ = ["Limit", "kept_quarantine"]


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

    def hold(self, reports: Sequence[SourceReport], work: Path, out: Path) -> None:
        """Raises `InputError` beyond the limit, and then keeps the quarantine in a folder of its own beside `out`."""
        kept = kept_quarantine(out)
        shutil.rmtree(kept, ignore_errors=True)
        read, aside = sum(report.read for report in reports), sum(report.quarantined for report in reports)
        most = self.exceeded(read, aside)
        if most is None:
            return
        (work / "quarantine").rename(kept)
        raise InputError(f"at most {most} may be set aside. Received: {aside} of {read}; they are kept in {kept}")


def kept_quarantine(out: Path) -> Path:
    """Where the quarantine of an ingestion that was stopped by its limit is kept."""
    return out.with_name(f"{out.name}.quarantine")
