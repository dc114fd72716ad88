"""Sensors that cannot be believed: nothing acts on them, the rules take over, and the log says which and why."""

from collections.abc import Callable
from datetime import datetime
from math import inf, nan
from typing import Any

import pytest

from apps.datacenter.control.layout import Layout
from apps.datacenter.plant import Observation
from apps.datacenter.safety import GuardSettings
from apps.datacenter.safety.sensors import SensorCheck


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"rack_inlet_c": nan}, "sensor rack_inlet_c: not a number: nan"),
        ({"cooling_power_kw": inf}, "sensor cooling_power_kw: not a number: inf"),
        ({"rack_inlet_c": 3.0}, "sensor rack_inlet_c: 3 is outside 5 to 50"),
        ({"outdoor_c": 90.0}, "sensor outdoor_c: 90 is outside -60 to 70"),
        ({"rack_inlet_c": 22.5}, "sensor rack_inlet_c: 22.5 is colder than all supply air, 24.0"),
        ({"room_temperature_c": 55.0}, "sensor room_temperature_c: jumped from 28.0 to 55.0"),
    ],
)
def test_a_number_that_cannot_be_is_not_acted_on(plant: Callable[..., Any], changed: Any, reason: str) -> None:
    fake = plant()
    assert fake.source == "advice"
    asked = fake.advisor.asked
    fake.run(**changed)
    assert fake.source == "fallback"
    assert reason in fake.reasons
    assert fake.advisor.asked == asked, "an advisor is not asked about what is not so"
    fake.run(6)
    assert fake.source in ("advice", "clipped advice")


def test_advice_waits_after_a_fault(plant: Callable[..., Any]) -> None:
    fake = plant()
    fake.run(rack_inlet_c=nan)
    sources = [fake.run() and fake.source for _ in range(5)]
    assert sources[:3] == ["fallback"] * 3
    assert sources[4] != "fallback"
    assert "a fault was 1 steps ago, advice waits for 4" in "; ".join(fake.log[17]["reasons"])


def test_a_stuck_sensor_is_found_after_some_steps(plant: Callable[..., Any]) -> None:
    fake = plant()
    for _ in range(4):
        fake.run(rack_inlet_c=24.5)
        assert fake.source == "advice"
    fake.run(rack_inlet_c=24.5)
    assert "sensor rack_inlet_c: stuck at 24.5 for 4 steps" in fake.reasons
    assert fake.source == "fallback"


def test_nothing_new_and_nothing_at_all_are_lost_communication(plant: Callable[..., Any]) -> None:
    fake = plant()
    same = fake.last

    def lost() -> Any:
        raise OSError("no route to host")

    fake.run(measure=lambda: same)
    fake.run(measure=lambda: same)
    assert "stale: not one of its numbers has changed" in fake.reasons
    fake.run(measure=lost)
    assert "sensor observation: nothing was measured: no route to host" in fake.reasons
    fake.run(measure=dict)
    assert "sensor observation: nothing was measured" in fake.reasons
    for _ in range(12):
        fake.run(measure=dict)
    assert fake.actions[-1].supply_air_c == 22.0, "what is safe without sensors"
    assert fake.actions[-1].fan_flow_kg_s is None


def test_a_time_that_does_not_advance_is_stale(layout: Layout) -> None:
    check, time = SensorCheck(layout, GuardSettings()), datetime(1991, 7, 1)
    first, again = (check.read(Observation(step, time, lambda n=step: {"outdoor_c": n})) for step in (0, 1))  # type: ignore[misc]
    assert "observation" not in first.faults
    assert again.faults == {"observation": "stale: it is of 1991-07-01 00:00:00, as one before"}
    assert not again.last
