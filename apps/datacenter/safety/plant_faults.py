"""Plants that fail: files for the simulator in which a coil is off, a fan weak, the weather or the load jumps.

The fault is in the model, the weather or the load itself, so that every controller meets the same one.
"""

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from apps.datacenter.control.psychrometrics import relative_humidity
from apps.datacenter.plant import PlantOptions, read_load
from apps.datacenter.plant.model import Model, read_model
from apps.datacenter.plant.simulator import as_epjson
from apps.datacenter.plant.sources import model_file, weather_file
from apps.datacenter.safety.faults import Fault

__all__ = ["faulty_plant"]

_EPW_HEADER = 8
_EPW_DRY_BULB, _EPW_DEW_POINT, _EPW_HUMIDITY = 6, 7, 8
_COOLING = ("Coil:Cooling:", "CoilSystem:Cooling:", "EvaporativeCooler:")
_OFF = "Gristmill Off For A While"
_FAN = "Gristmill_Weak_Fan"


def faulty_plant(options: PlantOptions, fault: Fault, folder: Path) -> PlantOptions:
    """Gives the options of a run with a fault of one of `PLANT_KINDS`; of another kind they are as they were.

    Args:
        options: The run without it.
        fault: What breaks.
        folder: Where the files of the faulty plant are written.

    Raises:
        InputError: The model, the weather or the load is not what it must be.
    """
    match fault.kind:
        case "load":
            return options.model_copy(
                update={"load": str(_load(options, fault, folder)), "load_minutes": options.step_minutes}
            )
        case "weather-up" | "weather-down":
            return options.model_copy(update={"weather": str(_weather(options, fault, folder))})
        case "coil" | "fan":
            model = read_model(as_epjson(model_file(options.model), folder))
            (_coils_off if fault.kind == "coil" else _weak_fan)(model, options, fault)
            path = folder / "model.epJSON"
            path.write_text(json.dumps(model))
            return options.model_copy(update={"model": str(path)})
    return options


def _window(options: PlantOptions, fault: Fault) -> tuple[datetime, datetime]:
    start = datetime.combine(options.first_day, datetime.min.time())
    step = timedelta(minutes=options.step_minutes)
    return start + fault.first * step, start + (fault.first + fault.steps) * step


def _load(options: PlantOptions, fault: Fault, folder: Path) -> Path:
    loads = read_load(options.load, options.load_minutes).steps(options.step_minutes, options.steps)
    loads[fault.first : fault.first + fault.steps] = 1.0
    path = folder / "load.csv"
    path.write_text("\n".join(["load", *map(str, loads)]) + "\n")
    return path


def _weather(options: PlantOptions, fault: Fault, folder: Path) -> Path:
    begin, end = _window(options, fault)
    size = fault.size if fault.kind == "weather-up" else -fault.size
    with weather_file(options.weather).open(encoding="latin-1", newline="") as file:
        lines = list(csv.reader(file))
    for line in lines[_EPW_HEADER:]:
        if len(line) > _EPW_HUMIDITY:  # hours are named by their end, 1 to 24
            hour = datetime(begin.year, int(line[1]), int(line[2])) + timedelta(hours=int(line[3]))
            if begin < hour <= end:
                _shift(line, size)
    path = folder / "weather.epw"
    with path.open("w", encoding="latin-1", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    return path


def _shift(line: list[str], size: float) -> None:
    """Moves an hour's temperature; the water in the air stays the same, as far as the air can hold it."""
    dry_bulb = float(line[_EPW_DRY_BULB]) + size
    dew_point = min(float(line[_EPW_DEW_POINT]), dry_bulb)
    line[_EPW_DRY_BULB], line[_EPW_DEW_POINT] = f"{dry_bulb:.1f}", f"{dew_point:.1f}"
    line[_EPW_HUMIDITY] = f"{min(relative_humidity(dry_bulb, dew_point), 100.0):.0f}"


def _coils_off(model: Model, options: PlantOptions, fault: Fault) -> None:
    begin, end = _window(options, fault)
    model.setdefault("Schedule:Compact", {})[_OFF] = {"data": [{"field": field} for field in _schedule(begin, end)]}
    for kind in [kind for kind in model if kind.startswith(_COOLING)]:
        for coil in model[kind].values():
            if "availability_schedule_name" in coil:
                coil["availability_schedule_name"] = _OFF


def _schedule(begin: datetime, end: datetime) -> list[Any]:
    """A compact schedule that is 1, and 0 between two times of one day."""
    before = begin - timedelta(days=1)
    day = f"Through: {begin.month}/{begin.day}"
    hours = [f"Until: {begin:%H:%M}", 1.0] if (begin.hour, begin.minute) > (0, 0) else []
    hours += [f"Until: {end:%H:%M}", 0.0, "Until: 24:00", 1.0]
    return [
        *(f"Through: {before.month}/{before.day}", "For: AllDays", "Until: 24:00", 1.0),
        *(day, "For: AllDays", *hours),
        *("Through: 12/31", "For: AllDays", "Until: 24:00", 1.0),
    ]


def _weak_fan(model: Model, options: PlantOptions, fault: Fault) -> None:
    """A program inside the model, which has the last word on the flow of the first fan (in EnergyPlus' own language)."""
    begin, end = _window(options, fault)
    fan = next(name for kind in model if kind.startswith("Fan:") for name in model[kind])
    lines = [
        "SET Hour = (DayOfYear - 1) * 24 + CurrentTime",  # of a step's end
        f"IF (Hour > {_hour(begin)}) && (Hour <= {_hour(end)})",
        f"SET {_FAN} = {fault.size}",
        f"ELSEIF (Hour > {_hour(end)}) && (Hour <= {_hour(end) + 0.5})",
        f"SET {_FAN} = Null",
        "ENDIF",
    ]
    added: Model = {
        "Actuator": {
            _FAN: {
                "actuated_component_unique_name": fan,
                "actuated_component_type": "Fan",
                "actuated_component_control_type": "Fan Air Mass Flow Rate",
            }
        },
        "Program": {"Gristmill_Weaken": {"lines": [{"program_line": line} for line in lines]}},
        "ProgramCallingManager": {
            "Gristmill Weaken": {
                "energyplus_model_calling_point": "InsideHVACSystemIterationLoop",
                "programs": [{"program_name": "Gristmill_Weaken"}],
            }
        },
    }
    for kind, objects in added.items():
        model.setdefault(f"EnergyManagementSystem:{kind}", {}).update(objects)


def _hour(time: datetime) -> float:
    return (time.timetuple().tm_yday - 1) * 24 + time.hour + time.minute / 60
