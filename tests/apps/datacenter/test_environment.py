"""The plant as a Gymnasium environment: each step gives what was measured in it, and no plant outlives its agent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from apps.datacenter.plant import Action, Constant, PlantOptions, run_plant
from apps.datacenter.plant.environment import PlantEnvironment
from apps.datacenter.plant.reward import EnergyReward
from apps.datacenter.plant.summary import Limits
from gristmill.errors import InputError

pytest.importorskip("pyenergyplus", reason="there is no wheel of the simulator for this kind of machine")

DAY = PlantOptions(days=1, start="07-01", step_minutes=60)


@pytest.fixture
def plant() -> Iterator[PlantEnvironment]:
    with PlantEnvironment(DAY) as environment:
        yield environment


@pytest.mark.filterwarnings("ignore:.*symmetric and normalized:UserWarning")
def test_gymnasium_s_own_checker_passes(plant: PlantEnvironment) -> None:
    check_env(plant, skip_render_check=True)


def test_a_run_through_it_is_that_of_a_constant_controller_to_the_last_digit(plant: PlantEnvironment) -> None:
    first, info = plant.reset(seed=1)
    assert (info["step"], info["time"]) == (-1, datetime(1991, 6, 30, 23))
    assert plant.observation_space.contains(first)
    seen = []
    truncated = False
    while not truncated:
        observation, reward, terminated, truncated, info = plant.step(np.array([30.0, 22.0]))
        assert not terminated
        assert reward == EnergyReward()(info["measured"], 1.0, Limits())
        seen.append(observation)
    assert plant.telemetry is not None
    table = run_plant(DAY, Constant(Action(zone_cooling_c=30.0, supply_air_c=22.0)))
    assert plant.telemetry.equals(table)
    assert (info["step"], info["time"]) == (23, table["time"][23].as_py())
    for place, name in enumerate(plant.sensors[:-2]):
        np.testing.assert_array_equal(np.array(seen)[:, place], table[name].to_numpy(), err_msg=name)
    assert plant.sensors[-2:] == ("hour_of_day", "day_of_year")
    np.testing.assert_array_equal(np.array(seen)[:, -2], [*range(1, 24), 0])
    np.testing.assert_array_equal(np.array(seen)[[0, -1], -1], [182, 183])


def test_an_observation_has_what_is_asked_for_in_its_order() -> None:
    with PlantEnvironment(DAY, ["chilled_water_c"], ["pue", "outdoor_c"]) as plant:
        observation, info = plant.reset()
        assert observation.tolist() == [info["measured"]["pue"], info["measured"]["outdoor_c"]]
        assert plant.units == {"chilled_water_c": "degC", "pue": "1", "outdoor_c": "degC"}
        assert (plant.action_space.low, plant.action_space.high) == (4.0, 25.0)


def test_a_reset_begins_anew_in_a_new_process(plant: PlantEnvironment) -> None:
    first, _ = plant.reset()
    after, *_ = plant.step(np.array([25.0, 18.0]))
    again, _ = plant.reset()
    np.testing.assert_array_equal(again, first)
    np.testing.assert_array_equal(plant.step(np.array([25.0, 18.0]))[0], after)


def test_energy_and_broken_limits_cost() -> None:
    inlets = {"a_inlet_c": 26.0, "a_inlet_dew_point_c": 10.0, "a_inlet_humidity_percent": 40.0}
    good = {"total_power_kw": 80.0, **inlets}
    reward = EnergyReward(inlet_kwh=40.0, humidity_kwh=10.0)
    assert reward(good, 0.25, Limits()) == -20.0
    assert reward(good | {"b_inlet_c": 29.0}, 0.25, Limits()) == -20.0 - 40.0 * 2 * 0.25
    assert reward(good | {"b_inlet_c": 17.0}, 0.25, Limits()) == -20.0 - 40.0 * 1 * 0.25
    assert reward(good | {"a_inlet_dew_point_c": 16.0}, 0.25, Limits()) == -20.0 - 10.0 * 0.25
    assert reward(good | {"a_inlet_humidity_percent": 71.0}, 0.25, Limits()) == -20.0 - 10.0 * 0.25


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steers": ["zone_coling_c"]}, "unknown action 'zone_coling_c'; did you mean 'zone_cooling_c'"),
        ({"steers": []}, r"`steers` must be one or more set-points, each once. Received: \(\)"),
        ({"sensors": ["puee"]}, "unknown sensor 'puee'; did you mean 'pue'"),
        ({"ranges": {"supply_air_c": (30.0, 20.0)}}, "range of `supply_air_c` must rise within 5.0 to 40.0 degC"),
        ({"options": PlantOptions(model="2zonedx")}, "unknown model '2zonedx'"),
    ],
)
def test_what_is_asked_for_wrongly_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        PlantEnvironment(**values)


@pytest.mark.parametrize("action", [[20.0, 22.0], [30.0, np.nan], [30.0], [30.0, 41.0]])
def test_an_action_outside_its_space_is_refused(plant: PlantEnvironment, action: list[float]) -> None:
    plant.reset()
    with pytest.raises(
        InputError, match="an action must be `zone_cooling_c` from 21 to 45 degC, `supply_air_c` from 5"
    ):
        plant.step(np.array(action))


def test_an_action_in_single_precision_may_be_off_by_its_rounding() -> None:
    with PlantEnvironment(DAY, ["supply_air_c"], ranges={"supply_air_c": (18.0, 22.1)}) as plant:
        plant.reset()
        plant.step(np.array([22.1], np.float32))


def test_steps_stand_between_a_reset_and_the_end(plant: PlantEnvironment) -> None:
    with pytest.raises(InputError, match="`reset` must come before the first `step`"):
        plant.step(np.array([30.0, 22.0]))


def test_errors_of_the_plant_come_out() -> None:
    far = PlantEnvironment(PlantOptions(days=1, weather="chicagoo"))
    with far, pytest.raises(InputError, match="unknown weather 'chicagoo'; did you mean 'chicago'"):
        far.reset()
    with PlantEnvironment(DAY, ["zone_cooling_c"], ranges={"zone_cooling_c": (15.0, 30.0)}) as plant:
        plant.reset()
        with pytest.raises(InputError, match=r"must be at least the model's heating set-point, 20 degC\. Received: 16"):
            plant.step(np.array([16.0]))


def runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{process}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"


def test_close_ends_the_process(plant: PlantEnvironment) -> None:
    plant.reset()
    assert plant.process is not None
    process = plant.process
    assert runs(process)
    plant.close()
    assert plant.process is None
    assert not runs(process)


AGENT = """
import sys, time
from apps.datacenter.plant import PlantOptions
from apps.datacenter.plant.environment import PlantEnvironment
plant = PlantEnvironment(PlantOptions(days=1))
plant.reset()
print(plant.process, flush=True)
time.sleep(60)
"""


def test_the_plant_ends_with_an_agent_that_is_killed() -> None:
    path = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", AGENT], stdout=subprocess.PIPE, env=path) as agent:
        assert agent.stdout
        process = int(agent.stdout.readline())
        assert runs(process)
        agent.send_signal(signal.SIGKILL)
    end = time.monotonic() + 10
    while runs(process) and time.monotonic() < end:
        time.sleep(0.05)
    assert not runs(process)
