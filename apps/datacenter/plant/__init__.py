"""The plant: EnergyPlus runs a data centre in closed loop, and its telemetry comes back as a table."""

from apps.datacenter.plant.controllers import ACTIONS, Action, Constant, Controller, Default, Observation, Replay
from apps.datacenter.plant.load import LoadSeries, read_load
from apps.datacenter.plant.options import PlantOptions
from apps.datacenter.plant.run import read_telemetry, run_plant, write_telemetry
from apps.datacenter.plant.sources import GOOGLE_2019, MODELS, PLANTS, WEATHER
from apps.datacenter.plant.telemetry import units

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
