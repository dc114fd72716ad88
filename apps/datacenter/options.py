"""Options of `gristmill ingest datacenter` beside the files: light, for the command line."""

import math
from dataclasses import dataclass, field

from gristmill.errors import InputError

__all__ = ["IngestOptions"]


def _option(text: str) -> str | None:
    return field(default=None, metadata={"help": text})


@dataclass(frozen=True)
class IngestOptions:
    """Which columns hold what, how times are meant, and what counts as a fault."""

    time: str | None = _option("Column of the time (ISO 8601, or seconds since 1970); by default time, timestamp ...")
    timezone: str = field(
        default="UTC",
        metadata={
            "help": "Zone of times without an offset, such as Europe/Berlin; of a plant's own its standard time."
        },
    )
    step_minutes: float | None = field(
        default=None, metadata={"help": "Length of a step; by default the median interval of the powers."}
    )
    it_power: str | None = _option("Column of the power of the IT equipment; by default it_power_kw.")
    total_power: str | None = _option("Column of the power of all; by default total_power_kw.")
    cooling_power: str | None = _option(
        "Column of the power of cooling; by default cooling_power_kw, where there is one."
    )
    units: str | None = _option("Units of columns, such as inlet=degF,total=W; stronger than what names and files say.")
    stuck_after: float = field(
        default=360.0,
        metadata={"help": "Minutes without any change after which a sensor that otherwise varies counts as stuck."},
    )
    max_gap: float | None = field(
        default=None, metadata={"help": "Minutes up to which a gap is filled by interpolation; by default one step."}
    )
    site: str | None = _option("Column of the site, or the one site's name; by default site.")
    data_info: dict[str, str] = field(default_factory=dict)
    """What to write in the manifest about the data; not an option of the command line."""

    def __post_init__(self) -> None:
        from apps.datacenter.telemetry.times import find_zone
        from apps.datacenter.telemetry.units import parse_units

        find_zone(self.timezone)
        parse_units(self.units)
        step = self.step_minutes
        if step is not None and not (math.isfinite(step) and step > 0 and float(60 * step).is_integer()):
            raise InputError(f"--step-minutes must be a positive number of whole seconds. Received: {step}")
        if not self.stuck_after > 0:
            raise InputError(f"--stuck-after must be a positive number of minutes. Received: {self.stuck_after}")
        if self.max_gap is not None and not self.max_gap >= 0:
            raise InputError(f"--max-gap must be a number of minutes, 0 or more. Received: {self.max_gap}")

    @property
    def step_seconds(self) -> int | None:
        """The step that was asked for."""
        return None if self.step_minutes is None else round(60 * self.step_minutes)
