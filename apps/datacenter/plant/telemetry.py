"""What a plant measures: which columns there are, from which of the simulator's variables, in which units."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.datacenter.plant.controllers import ACTIONS
from apps.datacenter.plant.model import DataCenter

__all__ = ["Sensor", "sensors", "telemetry_table", "units"]


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


def telemetry_table(
    times: npt.NDArray[np.datetime64],
    load: npt.NDArray[np.float64],
    actions: dict[str, npt.NDArray[np.float64]],
    measured: dict[str, npt.NDArray[np.float64]],
    units_by_column: dict[str, str],
    about: dict[str, str],
) -> pa.Table:
    """Makes the table: a row a step, each number with its unit in its field's metadata.

    Args:
        times: Beginning of each step, local standard time [step].
        load: IT load of each step, a fraction [step].
        actions: Set-points that the controller asked for, in the units of `ACTIONS`, NaN where it asked for none;
            each [step].
        measured: Means over the step, by column; each [step].
        units_by_column: Unit of each measured column.
        about: What was run, for the schema's metadata.

    Returns:
        `time`, `it_load`, `action_...`, the measured columns, and `pue`. `cooling_power_kw` is all that serves cooling
        (compressors, pumps, towers, fans), `fan_power_kw` the part of it that the air units' fans take;
        `total_power_kw` also has lights. `pue` is total over IT power.
    """
    pue = measured["total_power_kw"] / measured["it_power_kw"]
    columns: list[tuple[str, str, pa.Array]] = [
        ("time", "local standard time", pa.array(times.astype("datetime64[ms]"))),
        ("it_load", "fraction", pa.array(load)),
        *((f"action_{name}", ACTIONS[name][0], pa.array(values, from_pandas=True)) for name, values in actions.items()),
        *((name, units_by_column[name], pa.array(values)) for name, values in measured.items()),
        ("pue", "1", pa.array(pue)),
    ]
    fields = [pa.field(name, array.type, metadata={"unit": unit}) for name, unit, array in columns]
    return pa.table([array for _, _, array in columns], schema=pa.schema(fields, metadata=about))


def units(table: pa.Table) -> dict[str, str]:
    """Unit of each column of a telemetry table."""
    return {field.name: (field.metadata or {}).get(b"unit", b"").decode() for field in table.schema}


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
