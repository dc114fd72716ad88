"""What the guard holds a plant to: limits, rates, and how sure an advice must be."""

from typing import Any

from pydantic import field_validator

from apps.datacenter.plant import ACTIONS
from gristmill.config import CheckedRecord

__all__ = ["GuardSettings", "Ranges", "check_ranges"]

Ranges = dict[str, tuple[float, float]]
"""Lowest and highest value by field of `Action`, in its unit."""

_LIMITS: Ranges = {
    "zone_cooling_c": (21.0, 42.0),
    "supply_air_c": (18.0, 26.5),
    "chilled_water_c": (5.0, 18.0),
    "fan_flow_kg_s": (0.5, 1000.0),
    "outdoor_air_kg_s": (0.0, 1000.0),
}
_RATES: Ranges = {
    "zone_cooling_c": (4.0, 2.0),
    "supply_air_c": (1.5, 0.5),
    "chilled_water_c": (2.0, 1.0),
    "fan_flow_kg_s": (0.5, 1.0),
    "outdoor_air_kg_s": (2.0, 2.0),
}


def check_ranges(ranges: Ranges) -> Ranges:
    """Gives ranges that rise within those of `ACTIONS`; a `ValueError` says which does not."""
    for name, (low, high) in ranges.items():
        if name not in ACTIONS:
            raise ValueError(f"fields must be among {', '.join(ACTIONS)}. Received: {name!r}")
        unit, lowest, highest = ACTIONS[name]
        if not lowest <= low <= high <= highest:
            raise ValueError(f"`{name}` must rise within {lowest} to {highest} {unit}. Received: {low}, {high}")
    return ranges


class GuardSettings(CheckedRecord):
    """What the guard holds to; temperatures in degrees Celsius, times in steps of the plant unless said otherwise."""

    limits: Ranges = _LIMITS
    """Lowest and highest set-points, whoever asks for them."""
    rates: Ranges = _RATES
    """By how much a set-point may fall and rise in a step. Towards cold it may be faster than towards warm."""
    inlet_c: tuple[float, float] = (18.0, 27.0)
    """Lowest and highest temperature at the servers' inlets."""
    margin_c: float = 0.1
    """How far from these limits what is expected must stay."""
    warning_c: float = 0.3
    """How near to these limits inlets may be measured before an advice that goes nearer is refused."""
    growth: float = 2.0
    """How many times what the air gains on its way to the inlets may grow in one step: the load jumps to its full, or a
    fan loses half its flow. Set-points are cut so that inlets stay inside then."""
    room_c: float = 45.0
    """Highest temperature of a room; fans may go no slower than keeps it at the load that was measured."""
    outdoor_fall_c: float = 8.0
    """How far the outdoor temperature may fall in a step; no more outdoor air is let in than is warm enough then."""
    outdoor_dew_point_c: float = 15.0
    """Highest dew point of outdoor air that an advice may let in."""
    spread_c: float = 0.5
    """Spread of the expected inlet temperatures beyond which an advice is too uncertain."""
    power_spread: float = 0.25
    """Spread of the expected cooling power, a share of it, beyond which an advice is too uncertain."""
    distance: float = 0.25
    """Distance from what the advisor was fitted on beyond which it is refused; see `Advice.distance`."""
    seconds: float = 5.0
    """Wall time after which an advice is too late."""
    start_seconds: float = 60.0
    """The same of the first advice, for which the advisor loads what it needs."""
    calm_steps: int = 4
    """Steps without a fault of sensors or advisor before advice is used again."""
    stuck_steps: int = 4
    """Steps in which an inlet or a room does not change to the last digit before its sensor counts as stuck. More where
    sensors are coarse."""
    outdoor_stuck_steps: int = 96
    """The same of the outdoor temperature, which may stay for hours."""
    jump_c: float = 8.0
    """Change of an inlet or a room from step to step that is none of air's."""
    consistent_c: float = 0.5
    """How far an inlet may be colder than the coldest supply air before its sensor is wrong."""
    short_c: float = 0.7
    """How far supply air may be warmer than its set-point before the plant counts as short of cooling."""

    @field_validator("limits", "rates", mode="before")
    @classmethod
    def _all_fields(cls, given: Any, info: Any) -> Any:
        return {**(_LIMITS if info.field_name == "limits" else _RATES), **given} if isinstance(given, dict) else given

    @field_validator("limits")
    @classmethod
    def _rise(cls, limits: Ranges) -> Ranges:
        return check_ranges(limits)

    @field_validator("rates")
    @classmethod
    def _move(cls, rates: Ranges) -> Ranges:
        if set(rates) - set(ACTIONS) or not all(rate > 0 for pair in rates.values() for rate in pair):
            raise ValueError(f"must be positive, of fields among {', '.join(ACTIONS)}")
        return rates
