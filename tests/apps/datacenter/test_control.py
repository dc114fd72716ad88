"""Control: what dynamics are learned from, how plans keep limits and rates, and that one policy plans the same everywhere."""

import pickle
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.datacenter.control.explore import Explore
from apps.datacenter.control.forecast import Perfect, Trend
from apps.datacenter.control.mpc import PredictiveControl
from apps.datacenter.control.psychrometrics import humidity_ratio, relative_humidity, wet_bulb
from apps.datacenter.control.settings import ControlConfig, Switches
from apps.datacenter.control.signals import Signals, find_signals, hour_angle, transitions
from apps.datacenter.plant import Action, Observation
from gristmill.errors import InputError

SIGNALS = Signals(
    zones=("east_zone_temperature_c",),
    inlets=("east_inlet_c",),
    dew_points=("east_inlet_dew_point_c",),
    actions=("supply_air_c", "fan_flow_kg_s", "outdoor_air_kg_s"),
)
MEASURED = {
    "east_zone_temperature_c": 36.0,
    "east_inlet_c": 24.0,
    "east_inlet_dew_point_c": 8.0,
    "outdoor_c": 22.0,
    "outdoor_dew_point_c": 9.0,
    "it_power_kw": 60.0,
}


def test_moist_air_is_as_in_tables() -> None:
    """ASHRAE Fundamentals 2017, chapter 1: saturated air at 15 degrees holds 10.7 g/kg."""
    assert humidity_ratio(15.0) == pytest.approx(10.69, abs=0.1)
    assert wet_bulb(30.0, 30.0) == pytest.approx(30.0)
    assert wet_bulb(35.0, 19.4) == pytest.approx(24.0, abs=0.2), "ASHRAE's chart: 35 degrees and 40%"
    assert relative_humidity(25.0, 15.0) == pytest.approx(53.8, abs=0.3)


def made_series(steps: int = 400, seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    """A made-up plant: inlets lag the supply air by a step, forced outdoor air saves what is cooled."""
    random = np.random.default_rng(seed)
    outdoor = 20 + 8 * np.sin(np.arange(steps) / 15)
    supply, flow = random.uniform(18, 26.5, steps), random.uniform(1.85, 4, steps)
    forced = np.where((outdoor > 18.5) & (random.random(steps) < 0.5), 1000.0, np.nan)
    it = 60 + 5 * np.sin(np.arange(steps) / 40)
    zone = supply + 0.35 * it / flow
    inlet = np.roll(supply + 0.1 * (zone - supply), 1)
    warm = np.where(np.isfinite(forced), np.maximum(outdoor - supply, 0), np.maximum(zone - supply, 0) * (outdoor > 23))
    fan = 1.8 + 0.1 * flow
    angle = hour_angle((np.arange(steps) / 4) % 24)
    return {
        "east_zone_temperature_c": zone,
        "east_inlet_c": inlet,
        "east_inlet_dew_point_c": np.full(steps, 8.0) + random.normal(0, 0.1, steps),
        "outdoor_c": outdoor,
        "outdoor_dew_point_c": outdoor - 10,
        "it_power_kw": it,
        "action_supply_air_c": supply,
        "action_fan_flow_kg_s": flow,
        "action_outdoor_air_kg_s": forced,
        "fan_power_kw": fan,
        "cooling_power_kw": fan + flow * warm * 0.3,
        "hour_sin": angle[:, 0],
        "hour_cos": angle[:, 1],
        "segment": np.zeros(steps),
    }


def test_signals_are_found_by_what_columns_show() -> None:
    assert find_signals(made_series()) == SIGNALS
    lacking = {name: values for name, values in made_series().items() if name != "outdoor_c"}
    with pytest.raises(InputError, match="It lacks: outdoor_c"):
        find_signals(lacking)
    with pytest.raises(InputError, match="in which supply_air_c and fan_flow_kg_s were varied"):
        find_signals(made_series() | {"action_fan_flow_kg_s": np.full(400, np.nan)})


def test_a_transition_has_the_state_before_the_actions_in_and_the_inlets_after_a_step() -> None:
    series = made_series(10)
    inputs, targets = transitions(series, SIGNALS)
    assert inputs.shape == (8, len(SIGNALS.inputs))
    at = dict(zip(SIGNALS.inputs, inputs[3], strict=True))
    assert at["east_zone_temperature_c"] == np.float32(series["east_zone_temperature_c"][3])
    assert at["before_supply_air_c"] == np.float32(series["action_supply_air_c"][3])
    assert at["supply_air_c"] == np.float32(series["action_supply_air_c"][4])
    assert at["outdoor_c"] == np.float32(series["outdoor_c"][4])
    found = dict(zip(SIGNALS.targets, targets[3], strict=True))
    assert found["east_zone_temperature_c"] == np.float32(series["east_zone_temperature_c"][4])
    assert found["east_inlet_c"] == np.float32(series["east_inlet_c"][5])
    assert found["other_kw"] == np.float32(series["cooling_power_kw"][4] - series["fan_power_kw"][4])


def test_no_transition_crosses_a_gap_or_has_an_unknown_value() -> None:
    series = made_series(10)
    series["segment"][5:] = 1
    assert len(transitions(series, SIGNALS)[0]) == 6
    series["outdoor_c"][2] = np.nan
    assert len(transitions(series, SIGNALS)[0]) == 5


@pytest.fixture(scope="module")
def fitted() -> Any:
    from apps.datacenter.control.dynamics import fit_dynamics

    inputs, targets = transitions(made_series(1500), SIGNALS)
    model = fit_dynamics(
        inputs,
        targets,
        SIGNALS,
        members=2,
        units=24,
        epochs=60,
        batch=128,
        learning_rate=5e-3,
        switches=Switches(),
        seed=0,
    )
    model.margin.assign([0.1])
    return model


@pytest.fixture(scope="module")
def policy(fitted: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from apps.datacenter.control.policy import KerasPolicy

    path = tmp_path_factory.mktemp("policy") / "policy.keras"
    fitted.save(path)
    return KerasPolicy(path)


def test_dynamics_learn_the_made_up_plant_and_how_sure_they_are(fitted: Any) -> None:
    inputs, targets = transitions(made_series(500, seed=9), SIGNALS)
    members = np.asarray(fitted(inputs))
    assert members.shape == (2, len(inputs), 2 * len(SIGNALS.targets))
    off = np.abs(members.mean(axis=0)[:, : len(SIGNALS.targets)] - targets)
    assert off[:, SIGNALS.targets.index("east_inlet_c")].mean() < 0.15
    assert off[:, SIGNALS.targets.index("other_kw")].mean() < 0.25 * targets[:, -2].std()
    far = inputs.copy()
    far[:, SIGNALS.inputs.index("outdoor_c")] += 40
    spread = lambda x: np.asarray(fitted(x))[:, :, SIGNALS.targets.index("other_kw")].std(axis=0).mean()  # noqa: E731
    assert spread(far) > 3 * spread(inputs)


def situation(policy: Any, **changes: Any) -> dict[str, np.ndarray[Any, Any]]:
    horizon = policy.config.horizon
    values = {
        "state": [36.0, 8.0],
        "outside": [[22.0, 9.0, 60.0]] * horizon,
        "hours": hour_angle([12.0] * horizon),
        "energy": [0.25] * horizon,
        "before": [24.0, 2.5, 0.0],
        "bias": [0.0],
        "surprise": [0.0],
    } | changes
    return {name: np.array(value, np.float32) for name, value in values.items()}


def test_a_plan_moves_within_ranges_and_rates(policy: Any) -> None:
    config: ControlConfig = policy.config
    for supply, flow in ((18.0, 1.85), (26.6, 4.0), (24.0, 2.5)):
        found = policy.decide(**situation(policy, before=[supply, flow, 0.0]))
        for value, before, allowed in zip(
            found["action"], (supply, flow), (config.supply_air_c, config.fan_flow_kg_s), strict=False
        ):
            assert allowed.low - 1e-5 <= value <= allowed.high + 1e-5
            assert abs(value - before) <= allowed.rate + 1e-5


def test_inlets_that_were_warmer_than_expected_make_plans_colder(policy: Any) -> None:
    at = [26.0, 2.5, 0.0]
    usual = policy.decide(**situation(policy, before=at, outside=[[30.0, 9.0, 60.0]] * 3))
    warmer = policy.decide(**situation(policy, before=at, outside=[[30.0, 9.0, 60.0]] * 3, bias=[1.5]))
    assert warmer["action"][0] < usual["action"][0]
    assert usual["high"][0] <= 27.0 - policy.config.margin_c


def test_cold_outdoor_air_is_never_forced_and_what_saves_is(policy: Any) -> None:
    assert policy.decide(**situation(policy, outside=[[10.0, 2.0, 60.0]] * 3))["action"][2] == 0
    assert policy.decide(**situation(policy, outside=[[26.0, 16.0, 60.0]] * 3))["action"][2] == 1


def test_what_was_never_explored_is_told_as_a_distance(policy: Any) -> None:
    assert policy.decide(**situation(policy))["distance"][0] == 0
    assert policy.decide(**situation(policy, outside=[[60.0, 9.0, 60.0]] * 3))["distance"][0] > 1
    most = float(policy._planner.dynamics.highest[policy.signals.inputs.index("it_power_kw")])
    busier = policy.decide(**situation(policy, outside=[[20.0, 9.0, 1.1 * most]] * 3))
    assert busier["distance"][0] == pytest.approx(0.1, abs=1e-4), "power is on a ratio scale"


def observe(step: int, **changes: float) -> Observation:
    return Observation(step, datetime(1991, 7, 1, step // 4, 15 * (step % 4)), lambda: MEASURED | changes)


def test_control_takes_up_what_it_did_not_expect_but_not_what_others_set(policy: Any) -> None:
    control = PredictiveControl(policy, 15)
    for step in range(4):
        advice = control.advise(observe(step, east_inlet_c=25.0))
        control.told(advice.action)
    assert control._bias is not None
    assert abs(control._bias[0]) > 0.05
    other = PredictiveControl(policy, 15)
    for step in range(4):
        advice = other.advise(observe(step, east_inlet_c=25.0))
        other.told(replace(advice.action, supply_air_c=(advice.action.supply_air_c or 0) - 1))
    assert other._bias is not None
    assert other._bias[0] == 0


def test_after_local_control_planning_starts_from_the_middle(policy: Any) -> None:
    control = PredictiveControl(policy, 15)
    control.advise(observe(0))
    control.told(Action())
    supply = policy.config.supply_air_c
    advice = control.advise(observe(1))
    assert abs((advice.action.supply_air_c or 0) - (supply.low + supply.high) / 2) <= supply.rate + 1e-5


def test_a_policy_plans_the_same_in_another_process_and_as_a_lite_file(policy: Any, tmp_path: Path) -> None:
    from apps.datacenter.control.planner import Planner
    from apps.datacenter.control.policy import ASSET, LitePolicy, policy_asset
    from gristmill.lite import Job, Signature, convert_jobs, export_saved_model

    planner: Planner = policy._planner
    export_saved_model(planner.dynamics, [Signature("decide", planner.decide, planner.inputs)], tmp_path / "saved")
    assets = {ASSET: policy_asset(SIGNALS, policy.config)}
    convert_jobs([Job(tmp_path / "saved", {"f32": tmp_path / "policy.tflite"}, assets)])
    lite = pickle.loads(pickle.dumps(LitePolicy(tmp_path / "policy.tflite")))
    assert (lite.signals, lite.config) == (SIGNALS, policy.config)
    random = np.random.default_rng(0)
    for _ in range(20):
        before = [random.uniform(18, 26.5), random.uniform(1.9, 4), float(random.integers(2))]
        at = situation(policy, before=before, outside=[[random.uniform(5, 35), 9.0, 60.0]] * 3)
        ours, theirs = policy.decide(**at), lite.decide(**at)
        np.testing.assert_allclose(theirs["action"], ours["action"], atol=1e-4)
        np.testing.assert_allclose(theirs["power"], ours["power"], rtol=1e-4, atol=1e-3)


def test_forecasts_see_the_past_or_all() -> None:
    trend = Trend(damping=0.5)
    trend.ahead(observe(0, outdoor_c=20.0), 2)
    ahead = trend.ahead(observe(1, outdoor_c=22.0, it_power_kw=70.0), 2)
    np.testing.assert_allclose(ahead, [[23.0, 9.0, 70.0], [24.0, 9.0, 70.0]])
    perfect = Perfect(np.arange(9, dtype=np.float32).reshape(3, 3))
    np.testing.assert_array_equal(perfect.ahead(observe(2), 2), [[6, 7, 8], [6, 7, 8]])


def test_exploration_draws_less_where_the_air_leaves_no_room() -> None:
    explore = Explore(seed=1)
    for step in range(30):
        action = explore.act(observe(step, east_inlet_c=26.8))
        assert action.supply_air_c is not None
    assert action.supply_air_c <= 26.8 - 0.4
    assert explore.act(observe(31, east_inlet_c=26.9, outdoor_c=10.0)).outdoor_air_kg_s is None


@pytest.mark.slow
def test_a_month_in_miniature_explored_fitted_and_steered(tmp_path: Path) -> None:
    """A day a season is explored, learned and planned on: no inlet is ever out, and less is used than by default."""
    pytest.importorskip("pyenergyplus", reason="there is no wheel of the simulator for this kind of machine")
    from apps.datacenter import app
    from apps.datacenter.control.weeks import explore_seasons
    from apps.datacenter.options import IngestOptions
    from apps.datacenter.plant import PlantOptions, write_telemetry
    from apps.datacenter.plant.summary import summarise
    from gristmill.data.execution import Execution
    from gristmill.progress import Silent
    from gristmill.workflow import evaluate_run, train_app

    table = explore_seasons(PlantOptions(servers="flat"), days=2)
    assert summarise(table).inlet_steps_out == 0
    write_telemetry(table, tmp_path / "telemetry.parquet")
    plan = app.plan({"telemetry": [str(tmp_path / "telemetry.parquet")]}, IngestOptions())
    app.ingest(plan, tmp_path / "dataset", Silent(), Execution())
    train_app(app, tmp_path / "dataset", tmp_path / "run", preset="small", saved=False)
    run = evaluate_run(tmp_path / "run")
    found = run.metrics["test"]
    assert found["model"]["inlet_steps_out"] == 0
    assert found["model"]["total_mwh"] < found["default"]["total_mwh"]
    assert {"default", "best_constant", "reactive", "persistence"} <= set(found)
    kept = {name for name in run.files if name.startswith("evaluation/test/")}
    assert kept == {
        f"evaluation/test/{name}"
        for name in ("model.parquet", "default.parquet", "best_constant.parquet", "reactive.parquet", "actions.jsonl")
    }


def test_the_guard_keeps_the_ranges_that_are_planned_but_lets_fans_run_faster() -> None:
    from apps.datacenter.control.study import guard_settings

    config = ControlConfig()
    limits = guard_settings(config).limits
    assert limits["supply_air_c"] == (config.supply_air_c.low, config.supply_air_c.high)
    assert limits["fan_flow_kg_s"][0] == config.fan_flow_kg_s.low
    assert limits["fan_flow_kg_s"][1] > config.fan_flow_kg_s.high
