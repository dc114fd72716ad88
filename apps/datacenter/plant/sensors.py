"""What a plant measures: which columns there are, from which of the simulator's variables, in which units."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from apps.datacenter.plant.model import DataCenter

__all__ = ["Layout", "Sensor", "sensors"]


@dataclass(frozen=True)
class Sensor:
    """A column, and the variables whose sum it is."""

    column: str
    unit: str
    variables: tuple[tuple[str, str], ...]
    """Name and key of each variable of the simulator."""
    kind: Literal["zone", "system"]
    """`zone`: the simulator gives one value a step. `system`: several, of which the mean over time is kept."""
    scale: float = 1.0


def sensors(center: DataCenter) -> tuple[Sensor, ...]:
    """The sensors of a data centre, in the order of the columns."""
    building = "Whole Building"
    powers = ("ITE CPU Electricity Rate", "ITE Fan Electricity Rate", "ITE UPS Electricity Rate")
    found = [
        Sensor("outdoor_c", "degC", (("Site Outdoor Air Drybulb Temperature", "Environment"),), "zone"),
        Sensor("outdoor_dew_point_c", "degC", (("Site Outdoor Air Dewpoint Temperature", "Environment"),), "zone"),
    ]
    for zone in center.zones:
        name = _slug(zone)
        found.append(Sensor(f"{name}_temperature_c", "degC", (("Zone Mean Air Temperature", zone),), "zone"))
        variable = "Zone Thermostat Cooling Setpoint Temperature"
        found.append(Sensor(f"{name}_cooling_setpoint_c", "degC", ((variable, zone),), "system"))
    for server in center.servers:
        name = _slug(server)
        for column, unit, variable in (
            ("inlet_c", "degC", "ITE Air Inlet Dry-Bulb Temperature"),
            ("inlet_dew_point_c", "degC", "ITE Air Inlet Dewpoint Temperature"),
            ("inlet_humidity_percent", "%", "ITE Air Inlet Relative Humidity"),
        ):
            found.append(Sensor(f"{name}_{column}", unit, ((variable, server),), "zone"))
    for node in center.supply_nodes:
        name = _slug(node)
        found.append(Sensor(f"{name}_setpoint_c", "degC", (("System Node Setpoint Temperature", node),), "system"))
        found.append(Sensor(f"{name}_c", "degC", (("System Node Temperature", node),), "system"))
    if center.chilled_water_node:
        node = center.chilled_water_node
        variable = "System Node Setpoint Temperature"
        found.append(Sensor("chilled_water_setpoint_c", "degC", ((variable, node),), "system"))
        found.append(Sensor("chilled_water_c", "degC", (("System Node Temperature", node),), "system"))
    for node in (*center.fans.values(), *center.outdoor_air.values()):
        found.append(Sensor(f"{_slug(node)}_flow_kg_s", "kg/s", (("System Node Mass Flow Rate", node),), "system"))
    it = tuple((variable, server) for server in center.servers for variable in powers)
    fans = tuple(("Fan Electricity Rate", fan) for fan in center.fans)
    return (
        *found,
        Sensor("it_power_kw", "kW", it, "zone", 1e-3),
        Sensor("fan_power_kw", "kW", fans, "system", 1e-3),
        Sensor("cooling_power_kw", "kW", (("Facility Total HVAC Electricity Demand Rate", building),), "system", 1e-3),
        Sensor("total_power_kw", "kW", (("Facility Total Electricity Demand Rate", building),), "system", 1e-3),
    )


class Layout:
    """Where the value of each variable stands in a row: first all of `zone`, then all of `system`."""

    def __init__(self, measured_by: Sequence[Sensor]):
        ordered = [sensor for kind in ("zone", "system") for sensor in measured_by if sensor.kind == kind]
        places = iter(range(sum(len(sensor.variables) for sensor in ordered)))
        at = {sensor.column: tuple(islice(places, len(sensor.variables))) for sensor in ordered}
        self._columns = [(sensor.column, at[sensor.column], sensor.scale) for sensor in measured_by]
        self.zone = [each for sensor in ordered if sensor.kind == "zone" for each in sensor.variables]
        self.system = [each for sensor in ordered if sensor.kind == "system" for each in sensor.variables]

    def columns(self, row: Sequence[Any]) -> dict[str, Any]:
        """The value of each column, in the order of the sensors.

        Args:
            row: The value of each variable: a number, or an array with one a step.
        """
        return {column: sum([row[place] * scale for place in places]) for column, places, scale in self._columns}


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
