"""What to run: the plant, its weather, its load, how long and in which steps."""

from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import Field, field_validator, model_validator

from gristmill.config import CheckedRecord

__all__ = ["PlantOptions"]

_YEAR = 1991  # the year the public models say; it only names the days, the weather file has them for any year


class PlantOptions(CheckedRecord):
    """One run of a plant; a wrong value raises `InputError`."""

    model: str = "2zone-dx"
    """`1zone-crac`, `2zone-cw`, `2zone-dx`, or an epJSON file."""
    weather: str = "chicago"
    """A place (see `WEATHER`) or an EPW file."""
    load: str = "google2019"
    """`google2019`, `azure2019`, or a CSV file with a column `load` of fractions."""
    load_minutes: int = Field(15, ge=1)
    """Interval of the user's own load."""
    servers_on: str | None = None
    """A CSV file with a column `servers_on`: the share of the servers that run, a row an interval of the load; None for all.
    The load stays a fraction of what all servers can do."""
    servers: Literal["stock", "flat"] = "stock"
    """`stock`: as the model has them, power rises with inlet temperature. `flat`: power follows the load alone."""
    start: str = "01-01"
    """Month and day on which the run starts."""
    days: int = Field(365, ge=1, le=365)
    """Days to run, within one year."""
    step_minutes: Literal[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60] = 15
    """Length of a zone time step, in which the controller acts once."""
    supply_air_band_c: tuple[float, float] | None = None
    """Lowest and highest supply-air temperature, degrees Celsius, for the model's own supply-air control."""
    engine_outputs: tuple[str, ...] = ()
    """Output variables that the simulator reports itself, at each step, in an SQL file: to check ours against."""

    @property
    def first_day(self) -> date:
        """The day on which the run starts."""
        return _day(self.start)

    @property
    def last_day(self) -> date:
        """The last day of the run."""
        return self.first_day + timedelta(days=self.days - 1)

    @property
    def steps(self) -> int:
        """How many steps the run has."""
        return self.days * 24 * 60 // self.step_minutes

    @field_validator("start")
    @classmethod
    def _a_day(cls, start: str) -> str:
        try:
            _day(start)
        except ValueError as error:
            raise ValueError("must be a month and a day, such as 07-01") from error
        return start

    @model_validator(mode="after")
    def _within(self) -> "PlantOptions":
        if self.last_day.year != _YEAR:
            raise ValueError(f"`start` and `days` must stay within one year. Received: {self.start}, {self.days} days")
        band = self.supply_air_band_c
        if band and not 5.0 <= band[0] <= band[1] <= 40.0:
            raise ValueError(f"`supply_air_band_c` must be two rising temperatures from 5 to 40. Received: {band}")
        return self


def _day(text: str) -> date:
    return datetime.strptime(f"{_YEAR}-{text}", "%Y-%m-%d").date()
