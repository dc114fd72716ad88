"""The plant in closed loop: what we measure is what the simulator reports, in the step in which it was set."""

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from apps.datacenter.plant import (
    Action,
    Constant,
    Default,
    Observation,
    PlantOptions,
    Replay,
    read_telemetry,
    run_plant,
    units,
    write_telemetry,
)
from apps.datacenter.plant.process import PlantProcess
from apps.datacenter.plant.sources import model_file
from gristmill.errors import InputError, WorkError

pytest.importorskip("pyenergyplus", reason="there is no wheel of the simulator for this kind of machine")

REPORTED = {  # our column: the simulator's variables whose sum it is, and the scale
    "it_load": ([("Schedule Value", "Data Center CPU Loading Schedule")], 1),
    "action_zone_cooling_c": ([("Zone Thermostat Cooling Setpoint Temperature", "West Zone")], 1),
    "action_supply_air_c": ([("System Node Setpoint Temperature", "East Air Loop Outlet Node")], 1),
    "action_chilled_water_c": ([("System Node Setpoint Temperature", "CW Supply Outlet Node")], 1),
    "west_zone_cooling_setpoint_c": ([("Zone Thermostat Cooling Setpoint Temperature", "West Zone")], 1),
    "outdoor_c": ([("Site Outdoor Air Drybulb Temperature", "Environment")], 1),
    "east_zone_temperature_c": ([("Zone Mean Air Temperature", "East Zone")], 1),
    "eastdatacenter_equip_inlet_c": ([("ITE Air Inlet Dry-Bulb Temperature", "EastDataCenter_Equip")], 1),
    "eastdatacenter_equip_inlet_dew_point_c": ([("ITE Air Inlet Dewpoint Temperature", "EastDataCenter_Equip")], 1),
    "east_air_loop_outlet_node_c": ([("System Node Temperature", "East Air Loop Outlet Node")], 1),
    "it_power_kw": (
        [
            (f"ITE {part} Electricity Rate", f"{zone}DataCenter_Equip")
            for part in ("CPU", "Fan", "UPS")
            for zone in ("East", "West")
        ],
        1e-3,
    ),
    "fan_power_kw": ([("Fan Electricity Rate", f"{zone} Zone Supply Fan") for zone in ("East", "West")], 1e-3),
    "cooling_power_kw": ([("Facility Total HVAC Electricity Demand Rate", "Whole Building")], 1e-3),
    "total_power_kw": ([("Facility Total Electricity Demand Rate", "Whole Building")], 1e-3),
}


@dataclass(frozen=True)
class Remembers:
    """Raises the set-point by what it sees: the step's number and the time must be those of the telemetry."""

    steers = frozenset({"zone_cooling_c"})

    def act(self, observation: Observation) -> Action:
        assert observation.time.minute == observation.step * 15 % 60
        return Action(zone_cooling_c=20.0 + observation.last["it_power_kw"] / 100.0)


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[pa.Table, Path]:
    folder = tmp_path_factory.mktemp("engine")
    actions = [(22, 16, 6), (26, 17, 8), (24, 20, 10), (30, 22, 7), (27, 18, 9)]
    options = PlantOptions(
        model="2zone-cw",
        servers="flat",
        start="07-01",
        days=7,
        engine_outputs=tuple(sorted({name for variables, _ in REPORTED.values() for name, _ in variables})),
    )
    return run_plant(options, Replay(tuple(Action(*each) for each in actions)), engine_folder=folder), folder


def reported(folder: Path, name: str, key: str) -> npt.NDArray[np.float64]:
    with sqlite3.connect(folder / "engine" / "eplusout.sql") as sql:
        rows = sql.execute(
            "SELECT Value FROM ReportData JOIN ReportDataDictionary USING (ReportDataDictionaryIndex) "
            "JOIN Time USING (TimeIndex) WHERE Name = ? AND upper(KeyValue) = ? AND WarmupFlag = 0 ORDER BY TimeIndex",
            (name, key.upper()),
        ).fetchall()
    sql.close()
    return np.asarray(rows, np.float64)[:, 0]


@pytest.mark.parametrize("column", REPORTED)
def test_a_row_is_what_the_simulator_reports_of_that_step(week: tuple[pa.Table, Path], column: str) -> None:
    table, folder = week
    variables, scale = REPORTED[column]
    theirs = sum(reported(folder, name, key) for name, key in variables) * scale
    ours = table[column].to_numpy()
    assert len(ours) == 7 * 24 * 4
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    assert np.abs(ours[1:] - theirs[:-1]).max() > 1e-3, "a row's neighbour differs, so that a shift would be seen"


def test_rows_have_times_units_and_a_consistent_sum(week: tuple[pa.Table, Path]) -> None:
    table, _ = week
    times = table["time"].to_pylist()
    assert (times[0], times[-1]) == (datetime(1991, 7, 1), datetime(1991, 7, 7, 23, 45))
    assert all(units(table).values())
    assert units(table)["it_power_kw"] == "kW"
    it, cooling, total, fans = (table[f"{name}_power_kw"].to_numpy() for name in ("it", "cooling", "total", "fan"))
    np.testing.assert_allclose(table["pue"].to_numpy(), total / it)
    lights = total - it - cooling
    assert lights.min() > -1e-9
    assert lights.max() < 0.57  # two rooms of 284 W
    assert (fans <= cooling + 1e-9).all()


def test_telemetry_comes_back_from_parquet_as_it_was(week: tuple[pa.Table, Path], tmp_path: Path) -> None:
    write_telemetry(week[0], tmp_path / "week.parquet")
    again = read_telemetry(tmp_path / "week.parquet")
    assert again.equals(week[0])
    assert again.schema.equals(week[0].schema, check_metadata=True)


def test_a_controller_sees_the_step_before() -> None:
    table = run_plant(PlantOptions(days=1), Remembers())
    power, chosen = table["it_power_kw"].to_numpy(), table["action_zone_cooling_c"].to_numpy()
    np.testing.assert_allclose(chosen[1:], 20.0 + power[:-1] / 100.0)
    np.testing.assert_allclose(table["east_zone_cooling_setpoint_c"].to_numpy(), chosen)


@pytest.mark.parametrize("model", ["1zone-crac", "2zone-cw", "2zone-dx"])
def test_every_model_runs_and_gives_the_same_twice(model: str) -> None:
    options = PlantOptions(model=model, start="04-10", days=2)
    first = run_plant(options)
    assert first.equals(run_plant(options))
    numbers = {name: first[name].to_numpy() for name in first.column_names if not name.startswith(("action", "time"))}
    assert all(np.isfinite(values).all() for values in numbers.values())
    assert first["action_zone_cooling_c"].null_count == first.num_rows


def test_flows_are_set_in_their_step_and_given_back() -> None:
    held = (Action(fan_flow_kg_s=4.0, outdoor_air_kg_s=2.0), Action(fan_flow_kg_s=5.0, outdoor_air_kg_s=9.0))
    options = PlantOptions(start="06-01", days=1, servers="flat")
    table, own = run_plant(options, Replay(held + (Action(),) * 94)), run_plant(options)
    fan, air = (f"east_{node}_node_flow_kg_s" for node in ("zone_supply_fan_outlet", "outside_air_inlet"))
    np.testing.assert_allclose(table[fan].to_numpy()[:2], [4.0, 5.0])
    np.testing.assert_allclose(table[air].to_numpy()[:2], [2.0, 5.0], err_msg="outdoor air is at most the fan's flow")
    for column in (fan, air):
        np.testing.assert_allclose(table[column].to_numpy()[48:], own[column].to_numpy()[48:], rtol=0.02)


def test_a_zone_is_not_to_be_cooled_below_what_it_is_heated_to() -> None:
    with pytest.raises(InputError, match=r"must be at least the model's heating set-point, 20 degC\. Received: 19\.0"):
        run_plant(PlantOptions(days=1), Replay((Action(zone_cooling_c=20.0), Action(zone_cooling_c=19.0))))


def test_flat_servers_draw_the_same_at_any_temperature_and_stock_ones_do_not() -> None:
    def used(servers: str, band: tuple[float, float] | None) -> float:
        action = Constant(Action(zone_cooling_c=32.0 if band else 23.0))
        options = PlantOptions(servers=servers, start="07-01", days=2, supply_air_band_c=band)  # type: ignore[arg-type]
        return float(run_plant(options, action)["it_power_kw"].to_numpy().mean())

    assert used("flat", None) == pytest.approx(used("flat", (22.0, 25.0)), rel=1e-9)
    assert used("stock", (22.0, 25.0)) > 1.2 * used("stock", None)


def test_errors_come_out_of_the_plant_s_process(tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("load\n1.5\n")
    with pytest.raises(InputError, match=r"load\.csv, row 1: a load must be from 0 to 1\. Received: 1\.5"):
        run_plant(PlantOptions(load=str(tmp_path / "load.csv")))
    with pytest.raises(InputError, match=r"`zone_cooling_c` must be from 10\.0 to 45\.0 degC\. Received: 99"):
        Action(zone_cooling_c=99)
    with pytest.raises(InputError, match="a controller must be picklable"):
        run_plant(PlantOptions(days=1), lambda: None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Breaks:
    """Fails at its third step."""

    steers: frozenset[str] = frozenset()

    def act(self, observation: Observation) -> Action:
        if observation.step == 2:
            raise WorkError("the controller has lost its mind")
        return Action()


def test_a_controller_s_error_ends_the_run() -> None:
    with pytest.raises(WorkError, match="has lost its mind"):
        run_plant(PlantOptions(days=1), Breaks())


def test_a_run_that_nobody_waits_for_ends(tmp_path: Path) -> None:
    running = PlantProcess(PlantOptions(days=365), Default(), tmp_path)
    assert running.process.stdout
    running.process.stdout.readline()
    running.process.stdout.close()
    assert running.process.wait(30) == 1
    assert not (tmp_path / "result.pickle").exists()


def test_an_idf_model_runs_as_its_epjson_does(tmp_path: Path) -> None:
    text = model_file("2zone-dx").read_text().replace('"version_identifier": "25.1"', '"version_identifier": "25.2"')
    (tmp_path / "own.epJSON").write_text(text)
    script = (
        "import sys; from apps.datacenter.plant.simulator import new_engine; e = new_engine(); "
        "e.runtime.run_energyplus(e.state_manager.new_state(), ['--convert-only', '-d', sys.argv[2], sys.argv[1]])"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "own.epJSON"), str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    ours, theirs = (run_plant(PlantOptions(model=str(tmp_path / f"own.{end}"), days=1)) for end in ("idf", "epJSON"))
    np.testing.assert_allclose(ours["total_power_kw"].to_numpy(), theirs["total_power_kw"].to_numpy(), rtol=1e-6)
    (tmp_path / "own.idf").write_text("Version,25.2;\nBuilding,\n")
    with pytest.raises(InputError, match=r"own\.idf: a model must be an IDF file that the simulator can read"):
        run_plant(PlantOptions(model=str(tmp_path / "own.idf")))


def test_a_model_that_the_simulator_refuses_is_named_with_its_reason(tmp_path: Path) -> None:
    model = json.loads(model_file("2zone-dx").read_text())
    del model["Chiller:Electric"]
    (tmp_path / "own.epJSON").write_text(json.dumps(model))
    with pytest.raises(WorkError, match=r"stopped at step 0 of 96: .*own\.epJSON: .*Severe.*CHILLER"):
        run_plant(PlantOptions(model=str(tmp_path / "own.epJSON"), days=1))


@pytest.mark.slow
def test_a_year_in_chicago_is_what_was_measured_before() -> None:
    """Issue 6: default 707.4 MWh, of which 103.7 cooling; constant 32 degrees, supply air 22 to 25: 648.4 and 44.7."""
    constant = Constant(Action(zone_cooling_c=32.0))
    for controller, band, total, cooling in ((None, None, 707.4, 103.7), (constant, (22.0, 25.0), 648.4, 44.7)):
        table = run_plant(PlantOptions(servers="flat", supply_air_band_c=band), controller)
        mwh = {name: table[f"{name}_power_kw"].to_numpy().sum() / 4000 for name in ("total", "cooling")}
        assert mwh == pytest.approx({"total": total, "cooling": cooling}, abs=0.1)


def test_an_action_that_is_not_known_is_named() -> None:
    with pytest.raises(InputError, match="unknown action 'zone_coolin_c'; did you mean 'zone_cooling_c'"):
        run_plant(PlantOptions(days=1), Breaks(frozenset({"zone_coolin_c"})))
