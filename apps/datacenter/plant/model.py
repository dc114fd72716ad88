"""Reads a building model (epJSON) and finds the data centre in it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gristmill.errors import InputError

__all__ = [
    "DataCenter",
    "Model",
    "SERVERS",
    "SUPPLY_MANAGERS",
    "check_version",
    "chilled_water_node",
    "find_data_center",
    "read_model",
]

Model = dict[str, dict[str, dict[str, Any]]]

SERVERS = "ElectricEquipment:ITE:AirCooled"
SUPPLY_MANAGERS = ("SetpointManager:SingleZone:Cooling", "SetpointManager:Warmest")
"""Kinds of set-point managers that decide the temperature of the supply air."""
_VERSIONS = ("25.1", "25.2")  # the simulator is 25.2, the public models say 25.1; of others it warns, and runs them


@dataclass(frozen=True)
class DataCenter:
    """Names, as the model has them, of what a run reads and steers."""

    servers: dict[str, str]
    """Zone of each group of servers."""
    load_schedules: tuple[tuple[str, str], ...]
    """Kind and name of the schedules that give the servers' load."""
    operation_schedules: tuple[tuple[str, str], ...]
    """Kind and name of the schedules that give the share of servers that run; none where some servers have none."""
    fans: dict[str, str]
    """Outlet node of each air unit's fan."""
    outdoor_air: dict[str, str]
    """Node of the outdoor air that each controller of it lets in."""
    supply_nodes: tuple[str, ...]
    """Nodes that carry a set-point of the supply air."""
    chilled_water_node: str | None

    @property
    def zones(self) -> tuple[str, ...]:
        """Zones with servers."""
        return tuple(dict.fromkeys(self.servers.values()))


def read_model(path: Path) -> Model:
    """Reads an epJSON file.

    Raises:
        InputError: It is not there, no epJSON, or of another version of the simulator.
    """
    try:
        model = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InputError(f"cannot read model {path}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path}: a model must be epJSON. Received: {error}") from error
    kinds = model.values() if isinstance(model, dict) else [None]
    objects = [each for kind in kinds for each in (kind.values() if isinstance(kind, dict) else [None])]
    if not all(isinstance(each, dict) for each in objects) or "Version" not in model:
        raise InputError(f"{path}: a model must be epJSON with a `Version`. Received: JSON without it")
    check_version(next((str(v.get("version_identifier")) for v in model["Version"].values()), "none"), path)
    return model


def check_version(version: str, path: Path) -> None:
    """Refuses a model of another version of the simulator with `InputError`."""
    if ".".join(version.split(".")[:2]) not in _VERSIONS:
        raise InputError(
            f"{path}: a model must be of version {' or '.join(_VERSIONS)} of EnergyPlus, whose IDFVersionUpdater "
            f"brings older ones there. Received: version {version}"
        )


def find_data_center(model: Model, name: str) -> DataCenter:
    """Finds servers, their zones, fans and set-points.

    Args:
        model: The model.
        name: The file's name, for errors.

    Raises:
        InputError: The model has no data centre, or one that lacks something.
    """
    try:
        return _find(model, name)
    except KeyError as error:
        raise InputError(f"{name}: every object must have its fields. Received: one without {error}") from error


def _find(model: Model, name: str) -> DataCenter:
    servers = model.get(SERVERS, {})
    if not servers:
        raise InputError(f"{name}: a model must have a data centre ({SERVERS}). Received: a model without servers")
    loads = dict.fromkeys(server.get("cpu_loading_schedule_name", "") for server in servers.values())
    schedules = {
        schedule.upper(): (kind, schedule) for kind in model if kind.startswith("Schedule:") for schedule in model[kind]
    }
    if not all(load.upper() in schedules for load in loads):
        raise InputError(f"{name}: servers must have a schedule of their load. Received: {SERVERS} without one")
    operation = dict.fromkeys(server.get("design_power_input_schedule_name", "").upper() for server in servers.values())
    managers = [manager for kind in SUPPLY_MANAGERS for manager in model.get(kind, {}).values()]
    return DataCenter(
        servers={server: values["zone_or_space_name"] for server, values in servers.items()},
        load_schedules=tuple(schedules[load.upper()] for load in loads),
        operation_schedules=tuple(map(schedules.__getitem__, operation))
        if operation.keys() <= schedules.keys()
        else (),
        fans={
            fan: values["air_outlet_node_name"]
            for kind in model
            if kind.startswith("Fan:")
            for fan, values in model[kind].items()
            if "air_outlet_node_name" in values
        },
        outdoor_air={
            controller: values["actuator_node_name"]
            for controller, values in model.get("Controller:OutdoorAir", {}).items()
        },
        supply_nodes=tuple(_nodes(model, manager)[-1] for manager in managers),
        chilled_water_node=chilled_water_node(model),
    )


def _nodes(model: Model, manager: dict[str, Any]) -> list[str]:
    name = manager["setpoint_node_or_nodelist_name"]
    listed = {key.upper(): value for key, value in model.get("NodeList", {}).items()}.get(name.upper())
    return [node["node_name"] for node in listed["nodes"]] if listed else [name]


def chilled_water_node(model: Model) -> str | None:
    """The node of the loop that the cooling coils' water comes from."""
    if not any(kind.startswith("Chiller:") for kind in model):
        return None
    sized = {
        sizing["plant_or_condenser_loop_name"].upper()
        for sizing in model.get("Sizing:Plant", {}).values()
        if sizing.get("loop_type") == "Cooling"
    }
    for name, loop in model.get("PlantLoop", {}).items():
        if name.upper() in sized:
            return str(loop["loop_temperature_setpoint_node_name"])
    return None
