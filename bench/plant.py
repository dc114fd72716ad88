"""A year of the data centre's plant in closed loop, beside the simulator alone that writes the same columns."""

import json
import os
import subprocess
import sys
from pathlib import Path

from apps.datacenter.plant.model import find_data_center, read_model
from apps.datacenter.plant.options import PlantOptions
from apps.datacenter.plant.prepare import prepare
from apps.datacenter.plant.sensors import sensors
from apps.datacenter.plant.sources import model_file, weather_file
from bench.inputs import Inputs
from bench.tables import show

__all__ = ["run"]

_ROUNDS = 5
_LOAD = 0.5
_ALONE = """
import sys
from apps.datacenter.plant.simulator import new_engine
engine = new_engine()
state = engine.state_manager.new_state()
engine.runtime.set_console_output_status(state, False)
sys.exit(engine.runtime.run_energyplus(state, ["-w", sys.argv[1], "-d", sys.argv[2], sys.argv[3]]))
"""
_OURS = """
import resource
import sys
from pathlib import Path
from apps.datacenter.plant import PlantOptions, run_plant, write_telemetry

def used():
    each = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in each)

start = used()
write_telemetry(run_plant(PlantOptions(load=sys.argv[1])), Path(sys.argv[2]))
print(used() - start)
"""
_NAMES = {
    "ours": "closed loop, telemetry as Parquet",
    "started": "the same, with the start of the program that asks for it",
    "csv": "the simulator alone, the same columns as CSV",
    "silent": "the simulator alone, nothing written",
}


def run(inputs: Inputs) -> None:
    """Prints one table: the best of several rounds, each with new processes, whose start is counted."""
    folder = inputs.folder / "plant"
    folder.mkdir()
    (folder / "load.csv").write_text(f"load\n{_LOAD}\n")
    weather = str(weather_file("chicago"))
    models = {how: str(_model(folder / f"{how}.epJSON", how)) for how in ("silent", "csv")}
    seconds: dict[str, list[float]] = {how: [] for how in _NAMES}
    for _ in range(_ROUNDS):
        for how, model in models.items():
            seconds[how].append(_cpu(_ALONE, weather, str(folder / how), model)[0])
        started, printed = _cpu(_OURS, str(folder / "load.csv"), str(folder / "telemetry.parquet"))
        seconds["started"].append(started)
        seconds["ours"].append(float(printed))
    best = {how: min(values) for how, values in seconds.items()}
    rows = [[name, f"{best[how]:.2f}", f"{best['ours'] / best[how]:.2f}"] for how, name in _NAMES.items()]
    show("a year of 2zone-dx, steps of 15 minutes", ["way", "CPU-seconds", "ours / this"], rows)


def _model(path: Path, how: str) -> Path:
    """The model with the load in its own schedule, and reports of the variables that our telemetry has."""
    model = read_model(model_file("2zone-dx"))
    center = find_data_center(model, "2zone-dx")
    model = prepare(model, PlantOptions(), frozenset(), "2zone-dx")
    for kind, schedule in center.load_schedules:
        fields = [
            "Through: 12/31",
            "For: SummerDesignDay",
            "Until: 24:00",
            1.0,
            "For: AllOtherDays",
            "Until: 24:00",
            _LOAD,
        ]
        model[kind][schedule]["data"] = [{"field": field} for field in fields]  # sized for the full load, as ours is
    if how == "csv":
        variables = [point for sensor in sensors(center) for point in sensor.variables]
        model["Output:Variable"] = {
            str(number): {"variable_name": variable, "key_value": key, "reporting_frequency": "Timestep"}
            for number, (variable, key) in enumerate(variables)
        }
        model["OutputControl:Files"]["files"] |= {"output_eso": "Yes", "output_csv": "Yes"}
    path.write_text(json.dumps(model))
    return path


def _cpu(script: str, *arguments: str) -> tuple[float, str]:
    """CPU-seconds of a process and of those that it started, and what it printed."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return usage.ru_utime + usage.ru_stime, printed
