"""Rules: supply air as warm as the inlets allow, outdoor air where it is of use; needs no model and has no memory.

The supply air steps as in "trim and respond" (ASHRAE Guideline 36-2021, 5.1.14): a little warmer while all is well, more
quickly colder where it is not. Steps start from the set-point in force as measured, so the rules can take over at any
step. Chilled water stays at the model's own temperature: warmer water saved nothing in a year of `2zone-cw`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.datacenter.control.layout import Layout, finite
from apps.datacenter.plant import Action, Observation
from gristmill.config import CheckedRecord

__all__ = ["Reactive", "ReactiveSettings"]

_ALL = 1000.0  # kg/s, which the plant cuts to the fan's flow


class ReactiveSettings(CheckedRecord):
    """What the rules hold to; temperatures in degrees Celsius."""

    inlet_c: float = 26.6
    """Where the warmest inlet is brought to; below the limit by what load and weather move it."""
    zone_c: float = 36.0
    """Temperature above which rooms are cooled; warm, so that fans run at their least."""
    supply_c: tuple[float, float] = (18.0, 25.8)
    """Coldest and warmest supply air; the warmest one keeps inlets below 27 also where a room is at `zone_c`."""
    supply_step_c: tuple[float, float] = (1.0, 0.4)
    """By how much the supply air gets colder and warmer in a step, at most."""
    supply_gain: float = 0.4
    """Share of what the warmest inlet is off that is made good in a step; air takes two steps to show."""
    safe_supply_c: float = 22.0
    """Supply air where no inlet can be measured: within the limits at any load."""
    outdoor_lowest_c: float = 20.0
    """Below this the model's own mixing takes over: outdoor air alone would be too cold, and nothing heats it."""
    outdoor_gain_c: float = 2.0
    """By how much outdoor air must be colder than the air that returns from the rooms."""
    outdoor_dew_point_c: float = 14.5
    """Highest dew point of outdoor air that is let in."""


@dataclass(frozen=True)
class Reactive:
    """Steers by what was measured in the step before, and by nothing else."""

    layout: Layout
    settings: ReactiveSettings = field(default_factory=ReactiveSettings)

    @property
    def steers(self) -> frozenset[str]:
        """Rooms' set-point, supply air and outdoor air, as far as the plant takes them."""
        return self.layout.steers & {"zone_cooling_c", "supply_air_c", "outdoor_air_kg_s"}

    def act(self, observation: Observation) -> Action:
        """Decides from the last step; a sensor that is missing or NaN is left out, and without sensors it is safe."""
        last = observation.last
        wanted = {
            "zone_cooling_c": self.settings.zone_c,
            "supply_air_c": self._supply(last),
            "outdoor_air_kg_s": self._outdoor(last),
        }
        return Action(**{name: value for name, value in wanted.items() if name in self.steers})

    def _supply(self, last: Mapping[str, float]) -> float:
        rules, inlets = self.settings, finite(last, self.layout.inlets)
        before = self.layout.in_force("supply_air_c", last)
        if not inlets or before is None:
            return rules.safe_supply_c
        colder, warmer = rules.supply_step_c
        step = min(max(rules.supply_gain * (rules.inlet_c - max(inlets)), -colder), warmer)
        return min(max(before + step, rules.supply_c[0]), rules.supply_c[1])

    def _outdoor(self, last: Mapping[str, float]) -> float | None:
        rules, rooms = self.settings, finite(last, self.layout.rooms)
        outdoor = finite(last, ("outdoor_c", "outdoor_dew_point_c"))
        if not rooms or len(outdoor) < 2:
            return None
        air, dew_point = outdoor
        is_of_use = rules.outdoor_lowest_c <= air <= min(rooms) - rules.outdoor_gain_c
        return _ALL if is_of_use and dew_point <= rules.outdoor_dew_point_c else None
