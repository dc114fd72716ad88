"""What the process of one run is told: the prepared model, the weather, the load, and what to read and steer.

It, and all that a run needs, is free of NumPy, Arrow and pydantic, whose import takes a tenth of the simulator's year.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from apps.datacenter.plant.model import DataCenter
from apps.datacenter.plant.sensors import Sensor

__all__ = ["Job"]


@dataclass(frozen=True)
class Job:
    """One run."""

    name: str
    """The model as the user named it, for errors."""
    model: Path
    """The prepared epJSON."""
    weather: Path
    folder: Path
    """Where the simulator and the run write their files."""
    load: "array[float]"
    """IT load of each step, a fraction of what all servers can do [step]."""
    inputs: "array[float]"
    """What is set in each step: the use of the servers that run for each schedule of the load, and, where some are off,
    the share that runs for each schedule of it [step * schedule]."""
    start: datetime
    """When the first step begins, local standard time."""
    step: timedelta
    """Length of a step."""
    center: DataCenter
    sensors: Sequence[Sensor]
    """What is measured."""

    @cached_property
    def steps_a_day(self) -> int:
        """How many steps a day has."""
        return timedelta(days=1) // self.step
