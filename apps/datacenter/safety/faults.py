"""Faults to try a guard with: what breaks, when, for how long, and how badly."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ADVISOR_KINDS", "Fault", "KINDS", "PLANT_KINDS", "SENSOR_KINDS", "draw_faults"]

SENSOR_KINDS = {
    "sensor-nan": "an inlet's sensor gives no number",
    "sensor-stuck": "all sensors of inlets and outdoors stay at their last value",
    "sensor-drift": "an inlet's sensor drifts colder, by `size` degrees at the fault's end",
    "sensor-spike": "every fourth step an inlet's sensor is `size` degrees too cold",
    "sensor-offset": "the outdoor sensors are `size` degrees too warm",
    "sensor-stale": "the last observation comes again and again",
    "sensor-silent": "the connection to all sensors is lost",
}
PLANT_KINDS = {
    "coil": "all cooling coils and evaporative coolers are off",
    "fan": "one unit's fan moves `size` kg/s at most, whatever it is told",
    "weather-up": "it gets warmer by `size` degrees within an hour",
    "weather-down": "it gets colder by `size` degrees within an hour",
    "load": "the load jumps to its full",
}
ADVISOR_KINDS = {
    "advisor-killed": "the advisor's process is killed, again whenever it asks to be",
    "advisor-nonsense": "the advisor gives what is no advice, or numbers that are none",
    "advisor-late": "the advisor does not answer in time",
    "advisor-worst": "the advisor wants the worst set-points and claims to be certain",
}
KINDS = SENSOR_KINDS | PLANT_KINDS | ADVISOR_KINDS
"""What each kind of fault is."""
_SIZES = {
    "sensor-drift": (-2.0, -6.0),
    "sensor-spike": (-4.0, -20.0),
    "sensor-offset": (3.0, 8.0),
    "fan": (1.4, 2.0),
    "weather-up": (6.0, 10.0),
    "weather-down": (6.0, 8.0),
}
_STARTS = ("01-14", "04-18", "06-23", "07-12", "08-05", "10-09")
"""First days of runs, by season; none of the days for which the simulator sizes."""
_DAY = 96


@dataclass(frozen=True)
class Fault:
    """A fault of a run of two days in steps of 15 minutes."""

    kind: str
    """One of `KINDS`."""
    start: str = "07-12"
    """Month and day on which the run starts."""
    first: int = _DAY
    """Step in which it begins; on the second day, so that the simulator does not warm up with it."""
    steps: int = 32
    """How many steps it lasts."""
    size: float = 0.0
    """How bad it is, in the unit that the kind says."""

    def is_on(self, step: int) -> bool:
        """Whether it is there in this step."""
        return self.first <= step < self.first + self.steps


def draw_faults(count: int, seed: int, kinds: Sequence[str] = tuple(KINDS)) -> list[Fault]:
    """Draws faults: kinds in turn, each in season after season, times, lengths (4 to 12 hours) and sizes by chance."""
    chance = random.Random(seed)
    faults = []
    for number in range(count):
        kind, start = kinds[number % len(kinds)], _STARTS[(number + number // len(kinds)) % len(_STARTS)]
        steps = chance.randint(16, 48)
        first = chance.randint(_DAY, 2 * _DAY - steps - 1)
        size = round(chance.uniform(*_SIZES[kind]), 1) if kind in _SIZES else 0.0
        faults.append(Fault(kind, start, first, steps, size))
    return faults
