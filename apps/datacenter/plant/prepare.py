"""Prepares a model for a run in closed loop: period, step, servers, and set-points that a controller can steer."""

import copy
from typing import TYPE_CHECKING

from apps.datacenter.plant.model import SERVERS, SUPPLY_MANAGERS, Model, chilled_water_node
from gristmill.errors import InputError

if TYPE_CHECKING:
    from apps.datacenter.plant.options import PlantOptions

__all__ = ["CHILLED_WATER_SCHEDULE", "SUPPLY_SCHEDULE", "prepare"]

SUPPLY_SCHEDULE = "Gristmill Supply Air"
CHILLED_WATER_SCHEDULE = "Gristmill Chilled Water"
_SUPPLY_BAND = {  # the names that the two kinds of manager give to the lowest and highest temperature
    "SetpointManager:SingleZone:Cooling": ("minimum_supply_air_temperature", "maximum_supply_air_temperature"),
    "SetpointManager:Warmest": ("minimum_setpoint_temperature", "maximum_setpoint_temperature"),
}
_FOLLOWED = "FlowControlWithApproachTemperatures"
_FILES = ["bnd", "dxf", "eio", "eso", "mdd", "mtd", "mtr", "rdd", "shd", "system_sizing", "tabular", "zone_sizing"]


def prepare(model: Model, options: "PlantOptions", steers: frozenset[str], name: str) -> Model:
    """Gives a copy of the model as a run needs it: period, step, servers, set-points that can be steered, no reports.

    Args:
        model: The model.
        options: What to run.
        steers: Actions that the controller takes (fields of `Action`).
        name: The file's name, for errors.

    Raises:
        InputError: The model cannot do what is asked for.
    """
    model = copy.deepcopy(model)
    for kind in [kind for kind in model if kind.startswith(("Output:", "OutputControl:"))]:
        del model[kind]
    reports = "Yes" if options.engine_outputs else "No"
    model["OutputControl:Files"] = {"files": {f"output_{file}": "No" for file in _FILES} | {"output_sqlite": reports}}
    if options.engine_outputs:
        model["Output:SQLite"] = {"sql": {"option_type": "Simple"}}
        model["Output:Variable"] = {
            f"output {number}": {"key_value": "*", "variable_name": variable, "reporting_frequency": "Timestep"}
            for number, variable in enumerate(options.engine_outputs)
        }
    model["Timestep"] = {"step": {"number_of_timesteps_per_hour": 60 // options.step_minutes}}
    first, last = options.first_day, options.last_day
    model["RunPeriod"] = {
        "period": next(iter(model.get("RunPeriod", {}).values()), {})
        | {"begin_month": first.month, "begin_day_of_month": first.day, "begin_year": first.year}
        | {"end_month": last.month, "end_day_of_month": last.day, "end_year": last.year}
        | {"day_of_week_for_start_day": first.strftime("%A"), "use_weather_file_daylight_saving_period": "No"}
    }
    if options.servers == "flat":
        _flatten(model, name)
    if options.supply_air_band_c:
        _band(model, options.supply_air_band_c, name)
    if "supply_air_c" in steers:
        _schedule_supply(model, name)
    if "chilled_water_c" in steers:
        _schedule_water(model, name)
    if "outdoor_air_kg_s" in steers and not model.get("Controller:OutdoorAir"):
        raise InputError(f"{name}: `outdoor_air_kg_s` must be left out for a model that takes in no outdoor air.")
    return model


def _flatten(model: Model, name: str) -> None:
    """Servers whose power follows the load alone: CPU .3 + .7 load, airflow .4 + .6 load, a tenth of it for fans.

    In the stock models power rises with inlet temperature as well: 1.0 at 15 degrees, 1.67 at 25.
    """
    curves = model.setdefault("Curve:Biquadratic", {})
    for curve, (constant, load) in {"Gristmill Power": (0.3, 0.7), "Gristmill Airflow": (0.4, 0.6)}.items():
        curves[curve] = {"coefficient1_constant": constant, "coefficient2_x": load}
        curves[curve] |= dict.fromkeys(
            ("coefficient3_x_2", "coefficient4_y", "coefficient5_y_2", "coefficient6_x_y"), 0.0
        )
        curves[curve] |= {"minimum_value_of_x": 0.0, "maximum_value_of_x": 1.5}
        curves[curve] |= {"minimum_value_of_y": -10.0, "maximum_value_of_y": 99.0}
    for servers in model[SERVERS].values():
        if servers.get("air_flow_calculation_method") == _FOLLOWED:
            raise InputError(
                f"{name}: `servers` must be stock where the units' air follows what the servers take ({_FOLLOWED}): with air "
                "that does not rise with temperature the room overheats and the simulator stops. Received: flat"
            )
        servers["cpu_power_input_function_of_loading_and_air_temperature_curve_name"] = "Gristmill Power"
        servers["air_flow_function_of_loading_and_air_temperature_curve_name"] = "Gristmill Airflow"
        servers["design_fan_power_input_fraction"] = 0.1


def _band(model: Model, band: tuple[float, float], name: str) -> None:
    managers = [(kind, manager) for kind in SUPPLY_MANAGERS for manager in model.get(kind, {}).values()]
    if not managers:
        raise InputError(f"{name}: `supply_air_band_c` must be left out of a model without a supply-air set-point.")
    for kind, manager in managers:
        manager.update(zip(_SUPPLY_BAND[kind], band, strict=True))


def _schedule_supply(model: Model, name: str) -> None:
    managers = [manager for kind in SUPPLY_MANAGERS for manager in model.pop(kind, {}).values()]
    if not managers:
        raise InputError(f"{name}: `supply_air_c` must be left out for a model without a supply-air set-point.")
    _schedule(model, SUPPLY_SCHEDULE, 18.0, [m["setpoint_node_or_nodelist_name"] for m in managers])


def _schedule_water(model: Model, name: str) -> None:
    node = chilled_water_node(model)
    if node is None:
        raise InputError(f"{name}: `chilled_water_c` must be left out for a model without a chilled-water loop.")
    for kind in [kind for kind in model if kind.startswith("SetpointManager:")]:
        model[kind] = {
            k: m for k, m in model[kind].items() if m.get("setpoint_node_or_nodelist_name", "").upper() != node.upper()
        }
    _schedule(model, CHILLED_WATER_SCHEDULE, 7.0, [node])


def _schedule(model: Model, schedule: str, value: float, nodes: list[str]) -> None:
    model.setdefault("Schedule:Constant", {})[schedule] = {"hourly_value": value}
    for node in nodes:
        model.setdefault("SetpointManager:Scheduled", {})[f"{schedule} {node}"] = {
            "control_variable": "Temperature",
            "schedule_name": schedule,
            "setpoint_node_or_nodelist_name": node,
        }
