"""EnergyPlus in closed loop through its Python API: one run, in this process.

```
            before the weather of a step      after each system step         after the zone step
step k:     act(what step k-1 measured)  ->  power, flows: summed x hours ->  row k = sums / hours, zone values
            sets load k and set-points k
```

Actuators are written before the simulator sets the step's weather and schedules, so that they hold for the whole step.
A second run in one process is not safe: `run_plant` starts a process for each.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyenergyplus.api import EnergyPlusAPI

from apps.datacenter.plant.controllers import Action, Controller, Observation
from apps.datacenter.plant.load import read_load
from apps.datacenter.plant.model import CHILLED_WATER_SCHEDULE, SUPPLY_SCHEDULE, find_data_center, prepare, read_model
from apps.datacenter.plant.options import PlantOptions
from apps.datacenter.plant.simulator import as_epjson, severe_errors
from apps.datacenter.plant.sources import model_file, weather_file
from apps.datacenter.plant.telemetry import sensors, telemetry_table
from apps.datacenter.plant.weather import check_weather
from gristmill.errors import WorkError

__all__ = ["simulate"]

_RUN_PERIOD = 3  # `kind_of_sim` of a run over the weather file, as against sizing
_ACTIONS = ("zone_cooling_c", "supply_air_c", "chilled_water_c")


def simulate(options: PlantOptions, controller: Controller, folder: Path) -> pa.Table:
    """Runs a plant.

    Args:
        options: What to run.
        controller: Is asked once a step.
        folder: Where the simulator writes its own files.

    Returns:
        Telemetry, a row a step; see `telemetry_table`.

    Raises:
        InputError: The model, the weather or the load is not what it must be, or the controller set a wrong value.
        WorkError: The simulator stopped; its own severe errors are in the message.
    """
    path, weather = model_file(options.model), weather_file(options.weather)
    check_weather(weather)
    folder.mkdir(parents=True, exist_ok=True)
    model = read_model(as_epjson(path, folder / "converted"))
    center = find_data_center(model, str(path))
    prepared = folder / "model.epJSON"
    prepared.write_text(json.dumps(prepare(model, options, controller.steers, str(path))))
    load = read_load(options.load, options.load_minutes).steps(options.step_minutes, options.steps)
    loop = _Loop(options, controller, load, center)
    status = loop.run(["-w", str(weather), "-d", str(folder / "engine"), str(prepared)])
    if loop.failure is not None:
        raise loop.failure
    if status or loop.step != options.steps:
        raise WorkError(
            f"the simulator stopped at step {loop.step} of {options.steps}: {path}: {severe_errors(folder / 'engine')}"
        )
    return loop.table()


class _Loop:
    """The callbacks of one run, and what they keep."""

    def __init__(self, options: PlantOptions, controller: Controller, load: Any, center: Any) -> None:
        self.options, self.controller, self.load, self.center = options, controller, load, center
        self.api = EnergyPlusAPI()
        self.exchange = self.api.exchange
        self.state = self.api.state_manager.new_state()
        self.sensors = sensors(center)
        self.step = 0
        self.failure: Exception | None = None
        self.zone_handles: list[tuple[int, int, float]] = []  # column, handle, scale
        self.system_handles: list[tuple[int, int, float]] = []
        self.load_handles: list[int] = []
        self.action_handles: dict[str, list[int]] = {}
        self.sums = [0.0] * len(self.sensors)
        self.hours = 0.0
        self.latest = [float("nan")] * len(self.sensors)
        self.rows = np.full((options.steps, len(self.sensors)), np.nan)
        self.actions = np.full((options.steps, len(_ACTIONS)), np.nan)
        self.start = datetime.combine(options.first_day, datetime.min.time())

    def run(self, arguments: list[str]) -> int:
        runtime = self.api.runtime
        for sensor in self.sensors:
            for variable, key in sensor.variables:
                self.exchange.request_variable(self.state, variable, key)
        runtime.set_console_output_status(self.state, False)
        runtime.callback_begin_zone_timestep_before_set_current_weather(self.state, self._guarded(self.begin))
        runtime.callback_end_system_timestep_after_hvac_reporting(self.state, self._guarded(self.system))
        runtime.callback_end_zone_timestep_after_zone_reporting(self.state, self._guarded(self.end))
        return int(runtime.run_energyplus(self.state, arguments))

    def _guarded(self, work: Callable[[Any], None]) -> Callable[[Any], None]:
        def callback(state: Any) -> None:  # ctypes would print an exception and go on
            if self.failure is not None or self.exchange.kind_of_sim(state) != _RUN_PERIOD:
                return
            try:
                if self.zone_handles or self._find(state):
                    work(state)
            except Exception as error:
                self.failure = error
                self.api.runtime.stop_simulation(state)

        return callback

    def _find(self, state: Any) -> bool:
        if not self.exchange.api_data_fully_ready(state):
            return False
        lacking = []
        for column, sensor in enumerate(self.sensors):
            handles = self.zone_handles if sensor.kind == "zone" else self.system_handles
            for variable, key in sensor.variables:
                handle = self.exchange.get_variable_handle(state, variable, key)
                lacking += [f"{variable} of {key}"] * (handle < 0)
                handles.append((column, handle, sensor.scale))
        wanted = {"load": [(kind, "Schedule Value", name) for kind, name in self.center.load_schedules]}
        wanted["zone_cooling_c"] = [
            ("Zone Temperature Control", "Cooling Setpoint", zone) for zone in self.center.zones
        ]
        wanted["supply_air_c"] = [("Schedule:Constant", "Schedule Value", SUPPLY_SCHEDULE)]
        wanted["chilled_water_c"] = [("Schedule:Constant", "Schedule Value", CHILLED_WATER_SCHEDULE)]
        for name in ("load", *sorted(self.controller.steers)):
            self.action_handles[name] = [self.exchange.get_actuator_handle(state, *point) for point in wanted[name]]
            pairs = zip(wanted[name], self.action_handles[name], strict=True)
            lacking += [" of ".join(point[1:]) for point, handle in pairs if handle < 0]
        self.load_handles = self.action_handles.pop("load")
        if lacking:
            raise WorkError(f"the model must have all that a run reads and sets. It lacks: {', '.join(lacking)}")
        return True

    def begin(self, state: Any) -> None:
        warming = self.exchange.warmup_flag(state)
        if not warming and self.step < self.options.steps:
            step = self.step
            time = self.start + timedelta(minutes=self.options.step_minutes * step)
            last = {sensor.column: value for sensor, value in zip(self.sensors, self.latest, strict=True)}
            self._set(state, self.controller.act(Observation(step, time, last)))
        for handle in self.load_handles:
            self.exchange.set_actuator_value(state, handle, float(self.load[min(self.step, len(self.load) - 1)]))

    def _set(self, state: Any, action: Action) -> None:
        for name, handles in self.action_handles.items():
            value = getattr(action, name)
            for handle in handles:
                if value is None:
                    self.exchange.reset_actuator(state, handle)
                else:
                    self.exchange.set_actuator_value(state, handle, value)
        self.actions[self.step] = [np.nan if (v := getattr(action, name)) is None else v for name in _ACTIONS]

    def system(self, state: Any) -> None:
        hours = self.exchange.system_time_step(state)
        read = self.exchange.get_variable_value
        for column, handle, scale in self.system_handles:
            self.sums[column] += read(state, handle) * scale * hours
        self.hours += hours

    def end(self, state: Any) -> None:
        row = [value / self.hours if self.hours else float("nan") for value in self.sums]
        for column, handle, scale in self.zone_handles:
            row[column] += self.exchange.get_variable_value(state, handle) * scale
        self.latest, self.sums, self.hours = row, [0.0] * len(row), 0.0
        if not self.exchange.warmup_flag(state):
            self.rows[self.step] = row
            self.step += 1

    def table(self) -> pa.Table:
        step = np.timedelta64(self.options.step_minutes * 60, "s")
        return telemetry_table(
            np.datetime64(self.start, "s") + np.arange(self.step) * step,
            self.load,
            dict(zip(_ACTIONS, self.actions.T, strict=True)),
            {sensor.column: self.rows[:, column] for column, sensor in enumerate(self.sensors)},
            {sensor.column: sensor.unit for sensor in self.sensors},
            {"options": self.options.model_dump_json(), "controller": repr(self.controller)},
        )
