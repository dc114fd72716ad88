"""The plant: EnergyPlus runs a data centre in closed loop, and its telemetry comes back as a table.

The names are imported when they are used, as the process of a run needs few of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.datacenter.plant.controllers import ACTIONS, Action, Constant, Controller, Default, Observation, Replay
    from apps.datacenter.plant.load import LoadSeries, read_load
    from apps.datacenter.plant.options import PlantOptions
    from apps.datacenter.plant.run import read_telemetry, run_plant, write_telemetry
    from apps.datacenter.plant.sources import GOOGLE_2019, MODELS, PLANTS, WEATHER
    from apps.datacenter.plant.telemetry import units

_HOMES = {
    "controllers": ("ACTIONS", "Action", "Constant", "Controller", "Default", "Observation", "Replay"),
    "load": ("LoadSeries", "read_load"),
    "options": ("PlantOptions",),
    "run": ("read_telemetry", "run_plant", "write_telemetry"),
    "sources": ("GOOGLE_2019", "MODELS", "PLANTS", "WEATHER"),
    "telemetry": ("units",),
}

__all__ = [
    "ACTIONS",
    "Action",
    "Constant",
    "Controller",
    "Default",
    "GOOGLE_2019",
    "LoadSeries",
    "MODELS",
    "Observation",
    "PLANTS",
    "PlantOptions",
    "Replay",
    "WEATHER",
    "read_load",
    "read_telemetry",
    "run_plant",
    "units",
    "write_telemetry",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
