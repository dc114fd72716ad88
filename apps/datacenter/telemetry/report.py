"""The report of an ingestion: where each row and each cell went, which steps came out, and what is missing."""

from dataclasses import asdict, dataclass, field
from typing import Any

from apps.datacenter.telemetry.times import Turn

__all__ = ["ColumnReport", "Gap", "LeftOut", "REPORT", "Report"]

REPORT = "telemetry"
"""Its name in the dataset."""


@dataclass
class ColumnReport:
    """What became of one column."""

    name: str
    source: str
    """Its name in the first file that has it."""
    unit: str
    """The kept one, empty where nothing says it."""
    converted_from: str
    """The unit that it came in, where it is another."""
    cells: int = 0
    """In the rows that were used; those that are counted below gave no value."""
    missing: int = 0
    no_number: int = 0
    out_of_range: int = 0
    below_it_power: int = 0
    """Where the total power is below that of the IT equipment: cells, or steps of powers that stand in two files."""
    stuck: int = 0
    steps_missing: int = 0
    """Steps without a value, after filling."""
    steps_filled: int = 0
    note: str = ""


@dataclass(frozen=True)
class Gap:
    """A run of steps that are not there, as most of their time is not covered."""

    site: str
    begins: str
    """Of its first step, ISO 8601 in UTC."""
    steps: int
    minutes: float


@dataclass(frozen=True)
class LeftOut:
    """A column that is not in the records."""

    column: str
    why: str


@dataclass
class Report:
    """All that is told of an ingestion; rows read = used + set aside."""

    read: int
    used: int
    set_aside: dict[str, int]
    with_offset: int
    """Rows whose time said its offset from UTC, or was a number of seconds since 1970."""
    timezone: str
    """Of the other times."""
    clock_turns: list[Turn]
    step_seconds: int
    stuck_after_minutes: float
    filled_up_to_minutes: float
    sites: list[str] = field(default_factory=list)
    steps: int = 0
    segments: int = 0
    first: str = ""
    last: str = ""
    gaps: list[Gap] = field(default_factory=list)
    columns: list[ColumnReport] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def values(self) -> dict[str, Any]:
        """The report as values that JSON knows."""
        return asdict(self)
