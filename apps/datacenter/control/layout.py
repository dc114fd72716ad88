"""Which columns of a plant's telemetry show what: inlets, rooms, and the set-points in force."""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from apps.datacenter.plant import PlantOptions
from apps.datacenter.plant.model import find_data_center, read_model
from apps.datacenter.plant.sensors import Sensor, sensors
from apps.datacenter.plant.simulator import as_epjson
from apps.datacenter.plant.sources import model_file

__all__ = ["Layout", "finite", "read_layout"]


@dataclass(frozen=True)
class Layout:
    """Columns by what they show; each may have several, one for each room or unit."""

    inlets: tuple[str, ...]
    """Temperature of the air that servers take in, degrees Celsius."""
    rooms: tuple[str, ...]
    """Mean temperature of the rooms, which is that of the air that returns from them, degrees Celsius."""
    supply: tuple[str, ...]
    """Temperature of the air that the units blow out, degrees Celsius."""
    shown: tuple[tuple[str, tuple[str, ...]], ...]
    """Columns that show a field of `Action` in force, in its unit; a field that the plant lacks is left out."""

    @property
    def steers(self) -> frozenset[str]:
        """The fields of `Action` that the plant takes."""
        return frozenset(dict(self.shown))

    def in_force(self, field: str, last: Mapping[str, float]) -> float | None:
        """What the field is now, as measured: the mean of the units; None where no sensor tells it."""
        values = finite(last, dict(self.shown).get(field, ()))
        return sum(values) / len(values) if values else None


def finite(last: Mapping[str, float], columns: Iterable[str]) -> list[float]:
    """The columns' values that are numbers; those missing, NaN or infinite are left out."""
    return [float(last[column]) for column in columns if column in last and isfinite(last[column])]


def read_layout(options: PlantOptions) -> Layout:
    """Reads the layout of a run's model.

    Raises:
        InputError: The model is not what it must be.
    """
    path = model_file(options.model)
    with tempfile.TemporaryDirectory(prefix="plant-") as folder:
        center = find_data_center(read_model(as_epjson(path, Path(folder))), str(path))
    known = sensors(center)
    setpoints = _columns(known, "System Node Setpoint Temperature", center.supply_nodes)
    shown = {
        "zone_cooling_c": _columns(known, "Zone Thermostat Cooling Setpoint Temperature", center.zones),
        "supply_air_c": setpoints,
        "chilled_water_c": _columns(known, "System Node Setpoint Temperature", [center.chilled_water_node]),
        "fan_flow_kg_s": _columns(known, "System Node Mass Flow Rate", center.fans.values()),
        "outdoor_air_kg_s": _columns(known, "System Node Mass Flow Rate", center.outdoor_air.values()),
    }
    return Layout(
        inlets=_columns(known, "ITE Air Inlet Dry-Bulb Temperature", center.servers),
        rooms=_columns(known, "Zone Mean Air Temperature", center.zones),
        supply=_columns(known, "System Node Temperature", center.supply_nodes),
        shown=tuple((field, columns) for field, columns in shown.items() if columns),
    )


def _columns(known: Iterable[Sensor], variable: str, keys: Iterable[str | None]) -> tuple[str, ...]:
    points = {(variable, key) for key in keys}
    return tuple(sensor.column for sensor in known if points & set(sensor.variables))
