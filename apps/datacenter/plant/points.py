"""Where a run reads and writes in the simulator: the handles of its variables and actuators."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apps.datacenter.plant.model import DataCenter
from apps.datacenter.plant.prepare import CHILLED_WATER_SCHEDULE, SUPPLY_SCHEDULE
from apps.datacenter.plant.sensors import Layout
from gristmill.errors import WorkError

__all__ = ["HEATING", "Points", "find_points"]

HEATING = "Zone Thermostat Heating Setpoint Temperature"


@dataclass(frozen=True)
class Points:
    """All handles of a run."""

    zone: list[int]
    """Variables with one value a zone time step."""
    system: list[int]
    """Variables with one value a system time step."""
    load: list[int]
    """Actuators of the servers' load."""
    servers_on: list[int]
    """Actuators of the share of servers that run."""
    actions: dict[str, list[int]]
    """Actuators of each action that the controller takes."""
    heating: list[int]
    """Heating set-points of the zones, in degrees Celsius, that have one."""


def find_points(exchange: Any, state: Any, center: DataCenter, layout: Layout, steers: Iterable[str]) -> Points:
    """Looks up all handles; the simulator has them once `api_data_fully_ready`.

    Raises:
        WorkError: The simulator lacks some; all of them are named.
    """
    lacking: list[str] = []

    def variables(points: list[tuple[str, str]]) -> list[int]:
        handles = [exchange.get_variable_handle(state, *point) for point in points]
        lacking.extend(f"{p[0]} of {p[1]}" for p, handle in zip(points, handles, strict=True) if handle < 0)
        return handles

    def actuators(name: str) -> list[int]:
        handles = [exchange.get_actuator_handle(state, *point) for point in known[name]]
        lacking.extend(f"{p[1]} of {p[2]}" for p, handle in zip(known[name], handles, strict=True) if handle < 0)
        return handles

    known = _actuators(center)
    heating = [exchange.get_variable_handle(state, HEATING, zone) for zone in center.zones]
    points = Points(
        variables(layout.zone),
        variables(layout.system),
        actuators("load"),
        actuators("servers_on"),
        {name: actuators(name) for name in sorted(steers)},
        [handle for handle in heating if handle >= 0],
    )
    if lacking:
        raise WorkError(f"the model must have all that a run reads and sets. It lacks: {', '.join(lacking)}")
    return points


def _actuators(center: DataCenter) -> dict[str, list[tuple[str, str, str]]]:
    """Component, control and key, as the simulator names them, of what sets the load and each action."""
    return {
        "load": [(kind, "Schedule Value", name) for kind, name in center.load_schedules],
        "servers_on": [(kind, "Schedule Value", name) for kind, name in center.operation_schedules],
        "zone_cooling_c": [("Zone Temperature Control", "Cooling Setpoint", zone) for zone in center.zones],
        "supply_air_c": [("Schedule:Constant", "Schedule Value", SUPPLY_SCHEDULE)],
        "chilled_water_c": [("Schedule:Constant", "Schedule Value", CHILLED_WATER_SCHEDULE)],
        "fan_flow_kg_s": [("Fan", "Fan Air Mass Flow Rate", fan) for fan in center.fans],
        "outdoor_air_kg_s": [("Outdoor Air Controller", "Air Mass Flow Rate", name) for name in center.outdoor_air],
    }
