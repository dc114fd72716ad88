"""A plant in plain Python, steered by a guard: one room whose servers warm the air by what its fan moves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.datacenter.control import Advice
from apps.datacenter.control.layout import Layout
from apps.datacenter.control.rules import Reactive
from apps.datacenter.plant import Action, Observation
from apps.datacenter.safety import Guarded, GuardSettings, read_log

LAYOUT = Layout(
    inlets=("rack_inlet_c",),
    rooms=("room_temperature_c",),
    supply=("node_c",),
    shown=(
        ("zone_cooling_c", ("room_cooling_setpoint_c",)),
        ("supply_air_c", ("node_setpoint_c",)),
        ("fan_flow_kg_s", ("fan_flow_kg_s",)),
        ("outdoor_air_kg_s", ("air_flow_kg_s",)),
    ),
)
LOCAL = {"zone_cooling_c": 23.0, "supply_air_c": 18.0, "fan_flow_kg_s": 7.0, "outdoor_air_kg_s": 0.5}
GOOD = Advice(Action(zone_cooling_c=36.0, supply_air_c=24.0), 22.0, 25.0, 0.1, 0.05, 0.0, 5.0)


@dataclass
class Tells:
    """An advisor that gives what it holds, or raises it."""

    advice: Any = GOOD
    steers: frozenset[str] = LAYOUT.steers
    heard: list[Action] = field(default_factory=list)
    asked: int = 0

    def advise(self, observation: Observation) -> Advice:
        """Gives it."""
        self.asked += 1
        if isinstance(self.advice, Exception):
            raise self.advice
        if callable(self.advice):
            return self.advice(observation)  # type: ignore[no-any-return]
        return self.advice  # type: ignore[no-any-return]

    def told(self, action: Action) -> None:
        """Remembers it."""
        self.heard.append(action)


@dataclass
class FakePlant:
    """The plant, its guard, and what was done."""

    advisor: Tells
    guard: Guarded
    log_file: Path
    step: int = 0
    outdoor_c: float = 15.0
    actions: list[Action] = field(default_factory=list)

    @property
    def last(self) -> dict[str, float]:
        """What is measured when the next step begins; every number but set-points changes a little each step."""
        set_points = self.in_force(self.actions[-1] if self.actions else Action())
        wobble, fan = 0.01 * (self.step % 7), set_points["fan_flow_kg_s"]
        supply = set_points["supply_air_c"]
        room = supply + 28.0 / fan + wobble
        return {
            "rack_inlet_c": supply + 0.1 * (room - supply),
            "room_temperature_c": room,
            "node_c": supply + 0.01 * wobble,
            "node_setpoint_c": supply,
            "room_cooling_setpoint_c": set_points["zone_cooling_c"],
            "fan_flow_kg_s": fan,
            "air_flow_kg_s": set_points["outdoor_air_kg_s"],
            "outdoor_c": self.outdoor_c + wobble,
            "outdoor_dew_point_c": 5.0 + wobble,
            "cooling_power_kw": 5.0 + wobble,
        }

    @staticmethod
    def in_force(action: Action) -> dict[str, float]:
        """Set-points, with local control where the action has none."""
        return {
            name: local if getattr(action, name) is None else getattr(action, name) for name, local in LOCAL.items()
        }

    def run(self, steps: int = 1, measure: Callable[[], Mapping[str, float]] | None = None, **changed: float) -> Action:
        """Runs steps, with sensors that say what is given in place of what is; gives the last action."""
        for _ in range(steps):
            seen = self.last | changed
            time = datetime(1991, 7, 1) + timedelta(minutes=15 * self.step)
            self.actions.append(self.guard.act(Observation(self.step, time, measure or seen.copy)))
            self.step += 1
        return self.actions[-1]

    @property
    def log(self) -> list[dict[str, Any]]:
        """The action log."""
        rows: list[dict[str, Any]] = read_log(self.log_file).to_pylist()
        return rows

    @property
    def source(self) -> str:
        """Whose set-points were set in the last step."""
        return str(self.log[-1]["source"])

    @property
    def reasons(self) -> str:
        """Why, of the last step."""
        return "; ".join(self.log[-1]["reasons"])


@pytest.fixture
def good() -> Advice:
    """An advice that there is nothing to say against."""
    return GOOD


@pytest.fixture
def layout() -> Layout:
    """The layout of the fake plant."""
    return LAYOUT


@pytest.fixture
def plant(tmp_path: Path) -> Callable[..., FakePlant]:
    """Makes a fake plant; after 16 steps the good advice is in force."""

    def make(advice: Any = GOOD, *, steps: int = 16, orders_file: Path | None = None, **settings: Any) -> FakePlant:
        advisor, log = Tells(), tmp_path / "log.jsonl"
        guard = Guarded(advisor, Reactive(LAYOUT), LAYOUT, GuardSettings(**settings), orders_file, log)
        made = FakePlant(advisor, guard, log)
        made.run(steps) if steps else None
        advisor.advice = replace(GOOD, **advice) if isinstance(advice, dict) else advice
        return made

    return make
