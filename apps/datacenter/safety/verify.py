"""Whether to act on an advice: it must be whole, certain, of a known situation, inside the limits, and not make worse."""

from collections.abc import Mapping
from dataclasses import fields
from math import isfinite

from apps.datacenter.control.advice import Advice
from apps.datacenter.control.layout import Layout, finite
from apps.datacenter.plant import ACTIONS, Action
from apps.datacenter.safety.settings import GuardSettings

__all__ = ["malformed", "refusals"]

_WARMER = {"zone_cooling_c": 1, "supply_air_c": 1, "chilled_water_c": 1, "fan_flow_kg_s": -1}
"""Whether more of a field makes the air at the inlets warmer (1) or colder (-1)."""
_SMALL = 1e-3


def malformed(answer: object) -> str:
    """What is wrong with an answer that is to be an advice, in words; empty where it is one, with all its numbers."""
    if not isinstance(answer, Advice) or not isinstance(answer.action, Action):
        return f"the advisor gave no advice: {answer!r:.60}"
    numbers = {each.name: getattr(answer, each.name) for each in fields(answer) if each.name != "action"}
    numbers |= {name: value for name in ACTIONS if (value := getattr(answer.action, name)) is not None}
    bad = [f"{name}={value!r}" for name, value in numbers.items() if not _is_number(value)]
    return f"the advice has no numbers: {', '.join(bad)}" if bad else ""


def refusals(advice: Advice, last: Mapping[str, float], layout: Layout, settings: GuardSettings) -> list[str]:
    """Why not to act on an advice, in words; none where it may be acted on.

    Args:
        advice: What was advised, with all its numbers.
        last: What was measured and is believed, by telemetry column.
        layout: What the columns are.
        settings: The thresholds.
    """
    return [
        *_uncertain(advice, settings),
        *_outside(advice, settings),
        *_worse(advice.action, last, layout, settings),
        *_short(last, layout, settings),
    ]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and isfinite(value)


def _uncertain(advice: Advice, settings: GuardSettings) -> list[str]:
    reasons = []
    if advice.spread_c > settings.spread_c:
        reasons.append(f"uncertain: inlets to {advice.spread_c:.2f} degrees, more than {settings.spread_c}")
    if advice.power_spread > settings.power_spread:
        reasons.append(f"uncertain: power to {advice.power_spread:.0%}, more than {settings.power_spread:.0%}")
    if advice.distance > settings.distance:
        reasons.append(f"unknown situation: distance {advice.distance:.2f}, more than {settings.distance}")
    return reasons


def _outside(advice: Advice, settings: GuardSettings) -> list[str]:
    low, high = settings.inlet_c
    if low + settings.margin_c <= advice.inlet_low_c and advice.inlet_high_c <= high - settings.margin_c:
        return []
    return [f"inlets expected at {advice.inlet_low_c:.1f} to {advice.inlet_high_c:.1f}, too near {low} to {high}"]


def _worse(action: Action, last: Mapping[str, float], layout: Layout, settings: GuardSettings) -> list[str]:
    inlets = finite(last, layout.inlets)
    if not inlets:
        return ["no inlet can be measured"]
    low, high = settings.inlet_c
    reasons = []
    for sign, near, word, inlet in (
        (1, max(inlets) >= high - settings.warning_c, "warmer", max(inlets)),
        (-1, min(inlets) <= low + settings.warning_c, "colder", min(inlets)),
    ):
        for name, towards_warm in _WARMER.items() if near else ():
            wanted, before = getattr(action, name), layout.in_force(name, last)
            if wanted is not None and before is not None and sign * towards_warm * (wanted - before) > _SMALL:
                reasons.append(f"an inlet is at {inlet:.1f}, and `{name}` would make it {word}")
    return reasons


def _short(last: Mapping[str, float], layout: Layout, settings: GuardSettings) -> list[str]:
    supply, wanted = finite(last, layout.supply), layout.in_force("supply_air_c", last)
    if supply and wanted is not None and max(supply) > wanted + settings.short_c:
        return [f"the plant is short of cooling: supply air {max(supply):.1f}, set-point {wanted:.1f}"]
    return []
