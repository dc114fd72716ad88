"""Advice: not acted on where it is uncertain, of an unknown situation, broken or late, and limited where it goes far."""

import time
from collections.abc import Callable
from dataclasses import replace
from math import nan
from typing import Any

import pytest

from apps.datacenter.control import Advice
from apps.datacenter.control.layout import Layout
from apps.datacenter.plant import Action
from apps.datacenter.safety import GuardSettings
from apps.datacenter.safety.physics import safe_ranges
from apps.datacenter.safety.verify import refusals

NONSENSE = Action()
object.__setattr__(NONSENSE, "supply_air_c", nan)


@pytest.mark.parametrize(
    ("advice", "reason"),
    [
        ({"spread_c": 0.6}, "uncertain: inlets to 0.60 degrees, more than 0.5"),
        ({"power_spread": 0.3}, "uncertain: power to 30%, more than 25%"),
        ({"distance": 0.4}, "unknown situation: distance 0.40, more than 0.25"),
        ({"inlet_high_c": 26.95}, "inlets expected at 22.0 to 26.9, too near 18.0 to 27.0"),
        ({"inlet_low_c": 17.0}, "inlets expected at 17.0 to 25.0, too near 18.0 to 27.0"),
        ({"spread_c": nan, "distance": "near"}, "the advice has no numbers: spread_c=nan, distance='near'"),
        ({"action": NONSENSE}, "the advice has no numbers: supply_air_c=nan"),
        ({"action": None}, "the advisor gave no advice"),
        (None, "the advisor gave no advice: None"),
        (Action(supply_air_c=40.0), "the advisor gave no advice: Action("),
        (RuntimeError("lost its mind"), "no advice: lost its mind"),
    ],
)
def test_what_is_not_to_be_acted_on_goes_to_the_rules(plant: Callable[..., Any], advice: Any, reason: str) -> None:
    fake = plant(advice)
    before = fake.actions[-1]
    action = fake.run()
    assert fake.source == "fallback"
    assert reason in fake.reasons
    assert fake.advisor.heard[-1] == action, "an advisor learns what was set in place of its advice"
    assert action.supply_air_c == pytest.approx(before.supply_air_c + 0.4), "the rules go on from where it was"


def test_a_late_advice_is_not_acted_on(plant: Callable[..., Any], good: Advice) -> None:
    def slow(observation: Any) -> Advice:
        time.sleep(0.05)
        return good

    fake = plant(slow, seconds=0.02)
    fake.run()
    assert fake.source == "fallback"
    assert "no advice: it took 0.1 s, more than 0.02" in fake.reasons


def test_the_first_advice_may_take_longer(plant: Callable[..., Any], good: Advice) -> None:
    def slow(observation: Any) -> Advice:
        time.sleep(0.05)
        return good

    for settings, source in (({"seconds": 0.02}, "clipped advice"), ({"start_seconds": 0.02}, "fallback")):
        fake = plant(steps=0, **settings)
        fake.advisor.advice = slow
        fake.run()
        assert fake.source == source


def test_near_a_limit_nothing_goes_nearer(plant: Callable[..., Any], good: Advice, layout: Layout) -> None:
    fake, settings = plant(), GuardSettings()
    last = fake.last
    assert refusals(good, last, layout, settings) == []
    warmer = replace(good, action=Action(supply_air_c=25.0, fan_flow_kg_s=5.0))
    assert refusals(warmer, last | {"rack_inlet_c": 26.8}, layout, settings) == [
        "an inlet is at 26.8, and `supply_air_c` would make it warmer",
        "an inlet is at 26.8, and `fan_flow_kg_s` would make it warmer",
    ]
    colder = replace(good, action=Action(supply_air_c=19.0))
    assert refusals(colder, last | {"rack_inlet_c": 26.8}, layout, settings) == []
    assert refusals(colder, last | {"rack_inlet_c": 18.2}, layout, settings) == [
        "an inlet is at 18.2, and `supply_air_c` would make it colder"
    ]
    assert refusals(good, last | {"node_c": 26.0}, layout, settings) == [
        "the plant is short of cooling: supply air 26.0, set-point 24.0"
    ]


def test_set_points_keep_limits_and_rates(plant: Callable[..., Any], good: Advice) -> None:
    fake = plant(replace(good, action=Action(zone_cooling_c=45.0, supply_air_c=19.0)))
    action = fake.run()
    assert (action.zone_cooling_c, action.supply_air_c) == (38.0, 22.5), "2 degrees up and 1.5 down in a step"
    assert fake.source == "clipped advice"
    assert "`zone_cooling_c` cut from 45.00 to 42.00 by the guard" in fake.reasons
    assert "`supply_air_c` moved to 22.50 on its way to 19.00" in fake.reasons
    assert fake.run(5) == Action(zone_cooling_c=42.0, supply_air_c=19.0)


def test_physics_leaves_room_for_a_load_that_jumps(layout: Layout) -> None:
    last = {"rack_inlet_c": 25.0, "node_c": 24.0, "room_temperature_c": 34.0, "fan_flow_kg_s": 3.0}
    safe = safe_ranges(
        last | {"outdoor_c": 24.0, "outdoor_dew_point_c": 8.0}, {"node_c": 24.0}, layout, GuardSettings()
    )
    highest = (27.0 - 0.1 - 0.2 * 34) / (1 - 0.2)
    assert safe["supply_air_c"] == pytest.approx((18.0, highest)), "the tenth that air takes of the room may double"
    assert safe["fan_flow_kg_s"][0] == pytest.approx(3.0 * 10 / 21), "slower, and the room is above 45 degrees"
    share = (34 - 18) / (34 - (24 - 8))
    assert safe["outdoor_air_kg_s"] == pytest.approx((0.0, 3.0 * share)), "warm enough where it gets 8 degrees colder"


@pytest.mark.parametrize(
    ("outdoor", "dew_point", "highest"), [(30.0, 8.0, None), (17.0, 8.0, 0.0), (35.0, 8.0, 0.0), (24.0, 16.0, 0.0)]
)
def test_outdoor_air_is_let_in_only_where_it_can_do_no_harm(
    layout: Layout, outdoor: float, dew_point: float, highest: float | None
) -> None:
    last = {"room_temperature_c": 34.0, "fan_flow_kg_s": 3.0, "outdoor_c": outdoor, "outdoor_dew_point_c": dew_point}
    allowed = {} if highest is None else {"outdoor_air_kg_s": (0.0, highest)}
    assert safe_ranges(last, {}, layout, GuardSettings()) == allowed


def test_rules_that_fail_leave_the_plant_to_itself(plant: Callable[..., Any]) -> None:
    fake = plant(None)
    fake.guard.fallback = None
    fake.run(12)
    assert fake.source == "local"
    assert "the rules failed: AttributeError" in fake.reasons
    assert fake.actions[-1] == Action()
