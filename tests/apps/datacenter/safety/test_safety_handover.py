"""Hand-over: to advice from where local control was, and back to where it was before it takes over; no jumps."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.datacenter.control import Advice
from apps.datacenter.control.layout import read_layout
from apps.datacenter.control.rules import Reactive
from apps.datacenter.plant import Action, Observation, PlantOptions, run_plant
from apps.datacenter.plant.summary import summarise
from apps.datacenter.safety import Guarded, GuardSettings, read_log
from apps.datacenter.safety.trial import RuleAdvisor


def test_set_points_move_to_advice_and_back_by_their_rates(plant: Callable[..., Any], tmp_path: Path) -> None:
    orders = tmp_path / "orders.yaml"
    fake = plant(steps=0, orders_file=orders)
    assert fake.run() == Action(zone_cooling_c=25.0, supply_air_c=18.5), "from 23 and 18, as measured"
    fake.run(12)
    assert fake.actions[-1] == Action(zone_cooling_c=36.0, supply_air_c=24.0)
    orders.write_text("mode: local\n")
    assert fake.run() == Action(zone_cooling_c=32.0, supply_air_c=22.5)
    fake.run(3)
    assert fake.actions[-1] == Action(zone_cooling_c=23.0, supply_air_c=18.0), "what local control had, then itself"
    assert fake.run() == Action()


def test_a_fan_is_brought_back_too(plant: Callable[..., Any], good: Advice) -> None:
    fake = plant(steps=1)
    fake.advisor.advice = replace(good, action=replace(good.action, fan_flow_kg_s=6.0))
    fake.run(4)
    fake.advisor.advice = good
    fake.run(3)
    assert [action.fan_flow_kg_s for action in fake.actions] == [None, 6.5, 6.0, 6.0, 6.0, 7.0, None, None]


def test_outdoor_air_moves_in_and_is_given_back_at_once(plant: Callable[..., Any], good: Advice) -> None:
    fake = plant()
    fake.outdoor_c = 26.5
    fake.advisor.advice = replace(good, action=replace(good.action, outdoor_air_kg_s=3.0))
    assert [fake.run().outdoor_air_kg_s for _ in range(3)] == [2.5, 3.0, 3.0], "from 0.5, as measured"
    fake.advisor.advice = good
    assert fake.run().outdoor_air_kg_s is None, "the plant's own mixing knows best"


@dataclass(frozen=True)
class WritesOrders:
    """Controls as another does, and writes the operator's file at given steps."""

    controller: Guarded
    path: Path
    orders: tuple[tuple[int, str], ...]

    @property
    def steers(self) -> frozenset[str]:
        """What the controller steers."""
        return self.controller.steers

    def act(self, observation: Observation) -> Action:
        """Writes, and passes on."""
        for step, mode in self.orders:
            if step == observation.step:
                self.path.write_text(json.dumps({"mode": mode}) + " " * step)
        return self.controller.act(observation)


@pytest.mark.parametrize("start", ["01-14", "07-12"])
def test_in_the_plant_no_set_point_jumps_and_inlets_stay_inside(tmp_path: Path, start: str) -> None:
    pytest.importorskip("pyenergyplus", reason="there is no wheel of the simulator for this kind of machine")
    options = PlantOptions(servers="flat", start=start, days=1)
    layout, rates = read_layout(options), GuardSettings().rates
    rules = Reactive(layout)
    guard = Guarded(RuleAdvisor(rules), rules, layout, orders_file=tmp_path / "orders", log_file=tmp_path / "log.jsonl")
    modes = ((0, "local"), (20, "act"), (60, "local"), (80, "act"))
    table = run_plant(options, WritesOrders(guard, tmp_path / "orders", modes))
    for field in ("zone_cooling_c", "supply_air_c"):
        for column in dict(layout.shown)[field]:
            change = np.diff(table[column].to_numpy())
            falls, rises = rates[field]
            assert -falls - 1e-6 <= change.min() < 0 < change.max() <= rises + 1e-6
    assert summarise(table).inlet_steps_out == 0
    sources = read_log(tmp_path / "log.jsonl")["source"].to_pylist()
    assert [sources[step] for step in (10, 59, 79, 95)] == ["local", sources[59], "local", sources[95]]
    assert {sources[59], sources[95]} <= {"advice", "clipped advice"}
    assert table["action_supply_air_c"][79].as_py() is None, "local control has taken over"
