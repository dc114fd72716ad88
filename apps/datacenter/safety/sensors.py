"""Checks what a plant's sensors say, and leaves out what cannot be: nothing acts on a number that is not believed.

Checks are absolute (missing, NaN, out of range), in time (stuck, jumping, an old time, nothing new at all) and of one
sensor by another: an inlet takes in supply air that only gets warmer on its way, so it is not colder than all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite, nan

from apps.datacenter.control.layout import Layout, finite
from apps.datacenter.plant import Observation
from apps.datacenter.safety.settings import GuardSettings

__all__ = ["OUTDOOR", "Reading", "SensorCheck"]

OUTDOOR = ("outdoor_c", "outdoor_dew_point_c")
_RANGES = {  # by what a column's name ends in; a longer ending goes first
    "_inlet_c": (5.0, 50.0),
    "_temperature_c": (5.0, 80.0),
    "_c": (-60.0, 70.0),
    "_percent": (0.0, 105.0),
    "_kg_s": (-1e-6, 1e4),
    "_kw": (-1e-6, 1e5),
    "it_load": (0.0, 1.0),
}
_Values = Mapping[str, float]


@dataclass(frozen=True)
class Reading:
    """What is believed of an observation."""

    step: int
    time: datetime
    last: _Values
    """What was measured; NaN where a sensor is not believed."""
    faults: Mapping[str, str]
    """Why, by column; `observation` where it is all of it."""

    @property
    def observation(self) -> Observation:
        """The believed numbers, for a controller or an advisor."""
        return Observation(self.step, self.time, lambda: self.last)


@dataclass
class SensorCheck:
    """Checks step after step, and remembers what it takes for that."""

    layout: Layout
    settings: GuardSettings
    _before: _Values = field(default_factory=dict, init=False)
    _time: datetime | None = field(default=None, init=False)
    _same: dict[str, int] = field(default_factory=dict, init=False)

    def read(self, observation: Observation) -> Reading:
        """Checks an observation; whatever is wrong with it, a reading comes out."""
        try:
            last = {name: float(value) for name, value in observation.last.items()}
        except Exception as error:  # whatever a connection to sensors may raise
            return self._none(observation, f"nothing was measured: {error}")
        if not last:
            return self._none(observation, "nothing was measured")
        if self._time is not None and observation.time <= self._time:
            return self._none(observation, f"stale: it is of {observation.time}, as one before")
        if last == self._before:
            return self._none(observation, "stale: not one of its numbers has changed")
        faults = self._faults(last)
        self._before, self._time = last, observation.time
        believed = {name: nan if name in faults else value for name, value in last.items()}
        return Reading(observation.step, observation.time, believed, faults)

    @staticmethod
    def _none(observation: Observation, reason: str) -> Reading:
        return Reading(observation.step, observation.time, {}, {"observation": reason})

    def _faults(self, last: _Values) -> dict[str, str]:
        named = (*self.layout.inlets, *self.layout.rooms, *self.layout.supply, *OUTDOOR)
        faults = {name: "missing" for name in named if name not in last}
        for name, value in last.items():
            reason = _impossible(name, value) or self._in_time(name, value)
            if reason:
                faults[name] = reason
        supply = [*finite(last, self.layout.supply), *finite(self._before, self.layout.supply)]
        for name in self.layout.inlets:
            if name not in faults and supply and last[name] < min(supply) - self.settings.consistent_c:
                faults[name] = f"{last[name]:.1f} is colder than all supply air, {min(supply):.1f}"
        return faults

    def _in_time(self, name: str, value: float) -> str:
        is_air = name in self.layout.inlets or name in self.layout.rooms
        if not is_air and name not in OUTDOOR:
            return ""
        before = self._before.get(name, nan)
        self._same[name] = self._same.get(name, 0) + 1 if value == before else 0
        if self._same[name] >= (self.settings.stuck_steps if is_air else self.settings.outdoor_stuck_steps):
            return f"stuck at {value} for {self._same[name]} steps"
        if is_air and abs(value - before) > self.settings.jump_c:
            return f"jumped from {before:.1f} to {value:.1f}"
        return ""


def _impossible(name: str, value: float) -> str:
    if not isfinite(value):
        return f"not a number: {value}"
    low, high = next((bounds for ending, bounds in _RANGES.items() if name.endswith(ending)), (-1e9, 1e9))
    return "" if low <= value <= high else f"{value:g} is outside {low:g} to {high:g}"
