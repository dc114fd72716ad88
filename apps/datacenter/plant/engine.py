"""EnergyPlus in closed loop through its Python API: one run, in this process.

```
            before the weather of a step      after each system step         after the zone step
step k:     act(what step k-1 measured)  ->  power, flows: summed x hours ->  row k = sums / hours, zone values
            sets load k and set-points k
```

Actuators are written before the simulator sets the step's weather and schedules, so that they hold for the whole step.
`run_plant` starts a process for each run: the simulator keeps callbacks for ever, and may end its process when it fails.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.datacenter.plant.controllers import ACTIONS, Action, Controller, Observation
from apps.datacenter.plant.load import read_load, read_servers_on
from apps.datacenter.plant.model import DataCenter, find_data_center, read_model
from apps.datacenter.plant.options import PlantOptions
from apps.datacenter.plant.points import HEATING, Points, find_points
from apps.datacenter.plant.prepare import prepare
from apps.datacenter.plant.simulator import as_epjson, new_engine, severe_errors
from apps.datacenter.plant.sources import model_file, weather_file
from apps.datacenter.plant.telemetry import sensors, telemetry_table
from apps.datacenter.plant.weather import check_weather
from gristmill.errors import InputError, WorkError, unknown_name

__all__ = ["simulate"]

_RUN_PERIOD = 3  # `kind_of_sim` of a run over the weather file, as against sizing


def simulate(
    options: PlantOptions,
    controller: Controller,
    folder: Path,
    report: Callable[[int], None] = lambda steps: None,
) -> pa.Table:
    """Runs a plant.

    Args:
        options: What to run.
        controller: Is asked once a step.
        folder: Where the simulator writes its own files.
        report: Called once a simulated day with the number of steps that it had.

    Returns:
        Telemetry, a row a step; see `telemetry_table`.

    Raises:
        InputError: The model, the weather or the load is not what it must be, or the controller set a wrong value.
        WorkError: The simulator stopped; its own severe errors are in the message.
    """
    for name in sorted(controller.steers - set(ACTIONS)):
        raise unknown_name("action", name, ACTIONS)
    path, weather = model_file(options.model), weather_file(options.weather)
    check_weather(weather)
    folder.mkdir(parents=True, exist_ok=True)
    model = read_model(as_epjson(path, folder / "converted"))
    center = find_data_center(model, str(path))
    prepared = folder / "model.epJSON"
    prepared.write_text(json.dumps(prepare(model, options, controller.steers, str(path))))
    series = read_load(options.load, options.load_minutes)
    load, on = series.steps(options.step_minutes, options.steps), None
    if options.servers_on is not None:
        if not center.operation_schedules:
            raise InputError(
                f"{path}: `servers_on` must be left out for a model without a schedule of the servers' power."
            )
        on = read_servers_on(options.servers_on, series).steps(options.step_minutes, options.steps)
    loop = _Loop(options, controller, load, on, center, report)
    status = loop.run(["-w", str(weather), "-d", str(folder / "engine"), str(prepared)])
    if loop.failure is not None:
        raise loop.failure
    if status or loop.step != options.steps:
        raise WorkError(
            f"the simulator stopped at step {loop.step} of {options.steps}: {path}: {severe_errors(folder / 'engine')}"
        )
    return loop.table()


class _Loop:
    """The callbacks of one run, and what they keep; they run at every step, so they do little."""

    def __init__(
        self,
        options: PlantOptions,
        controller: Controller,
        load: npt.NDArray[np.float64],
        on: npt.NDArray[np.float64] | None,
        center: DataCenter,
        report: Callable[[int], None],
    ):
        self.options, self.controller, self.load, self.center = options, controller, load, center
        self.on = on
        self.use = load if on is None else load / on  # of the servers that run
        self.report, self.steps_a_day = report, 24 * 60 // options.step_minutes
        self.api = new_engine()
        self.state = self.api.state_manager.new_state()
        self.sensors = sensors(center)
        self.start = datetime.combine(options.first_day, datetime.min.time())
        self.step = 0
        self.failure: Exception | None = None
        self.over_weather = False  # in the run period, and no longer in sizing
        self.warm = False
        self.points: Points | None = None
        self.parts: list[tuple[float, list[float]]] = []  # hours and values of the system steps of a zone step
        self.zone_rows: list[list[float]] = [[]]  # first that of the last warm-up step, then one a step
        self.system_rows: list[list[float]] = [[]]
        self.actions: list[Action] = []

    def run(self, arguments: list[str]) -> int:
        runtime = self.api.runtime
        for sensor in self.sensors:
            for variable, key in sensor.variables:
                self.api.exchange.request_variable(self.state, variable, key)
        for zone in self.center.zones:
            self.api.exchange.request_variable(self.state, HEATING, zone)
        runtime.set_console_output_status(self.state, False)
        runtime.callback_begin_new_environment(self.state, self._guarded(self._on_environment))
        runtime.callback_after_new_environment_warmup_complete(self.state, self._guarded(self._on_warm))
        runtime.callback_begin_zone_timestep_before_set_current_weather(self.state, self._guarded(self._on_begin))
        runtime.callback_end_system_timestep_after_hvac_reporting(self.state, self._guarded(self._on_system_step))
        runtime.callback_end_zone_timestep_after_zone_reporting(self.state, self._guarded(self._on_end))
        return int(runtime.run_energyplus(self.state, arguments))

    def _guarded(self, work: Callable[[Any], None]) -> Callable[[Any], None]:
        def callback(state: Any) -> None:  # ctypes would print an exception and go on
            if self.failure is None:
                try:
                    work(state)
                except Exception as error:
                    self.failure = error
                    self.api.runtime.stop_simulation(state)

        return callback

    def _on_environment(self, state: Any) -> None:
        self.over_weather = self.api.exchange.kind_of_sim(state) == _RUN_PERIOD
        self.warm = False

    def _on_warm(self, state: Any) -> None:
        self.warm = self.over_weather

    def _on_begin(self, state: Any) -> None:
        points = self.points or self._find(state)
        if points is None:
            return
        if self.warm and self.step < self.options.steps:
            time = self.start + timedelta(minutes=self.options.step_minutes * self.step)
            self._set(state, points, self.controller.act(Observation(self.step, time, self._last)))
        step = min(self.step, len(self.load) - 1)
        for handle in points.load:
            self.api.exchange.set_actuator_value(state, handle, float(self.use[step]))
        if self.on is not None:
            for handle in points.servers_on:
                self.api.exchange.set_actuator_value(state, handle, float(self.on[step]))

    def _find(self, state: Any) -> Points | None:
        if self.points is None and self.over_weather and self.api.exchange.api_data_fully_ready(state):
            self.points = find_points(self.api.exchange, state, self.center, self.sensors, self.controller.steers)
        return self.points

    def _set(self, state: Any, points: Points, action: Action) -> None:
        before = self.actions[-1] if self.actions else None
        self.actions.append(action)
        if action is before:  # actuators hold their values
            return
        if action.zone_cooling_c is not None:
            self._check_heating(state, points, action.zone_cooling_c)
        for name in ACTIONS:
            value = getattr(action, name)
            if value is not None and name not in points.actions:
                raise InputError(f"`{name}` must be among what the controller steers. Received: {action}")
            for handle in points.actions.get(name, ()):
                if value is None:
                    self.api.exchange.reset_actuator(state, handle)
                else:
                    self.api.exchange.set_actuator_value(state, handle, value)

    def _check_heating(self, state: Any, points: Points, zone_cooling_c: float) -> None:
        """The simulator stops where a zone would have to be cooled below what it is heated to."""
        heating = max((self.api.exchange.get_variable_value(state, handle) for handle in points.heating), default=0.0)
        if zone_cooling_c < heating:
            raise InputError(
                f"`zone_cooling_c` must be at least the model's heating set-point, {heating:g} degC. "
                f"Received: {zone_cooling_c}"
            )

    def _on_system_step(self, state: Any) -> None:
        if self.points:
            read = self.api.api.getVariableValue  # the wrapper around it takes as long as the call
            values = [read(state, handle) for handle in self.points.system.handles]
            self.parts.append((self.api.api.systemTimeStep(state), values))

    def _on_end(self, state: Any) -> None:
        if self.points:
            read = self.api.api.getVariableValue
            if not self.warm:
                self.zone_rows, self.system_rows = [], []
            self.zone_rows.append([read(state, handle) for handle in self.points.zone.handles])
            self.system_rows.append(_mean(self.parts))
            self.parts = []
            self.step += self.warm
            if self.warm and self.step % self.steps_a_day == 0:
                self.report(self.steps_a_day)

    def _measured(self, first: int) -> dict[str, npt.NDArray[np.float64]]:
        """Each column's values from a row on; row 0 is that of the last warm-up step."""
        assert self.points is not None
        columns: dict[str, Any] = dict.fromkeys((sensor.column for sensor in self.sensors), 0.0)
        for readings, rows in ((self.points.zone, self.zone_rows), (self.points.system, self.system_rows)):
            values = np.asarray(rows[first:])  # [step, variable]
            for place, sensor in enumerate(readings.sensors):
                columns[sensor.column] = columns[sensor.column] + values[:, place] * sensor.scale
        return columns

    def _last(self) -> dict[str, float]:
        measured = {column: float(values[0]) for column, values in self._measured(-1).items()}
        pue = measured["total_power_kw"] / measured["it_power_kw"]
        return {"it_load": float(self.load[max(self.step - 1, 0)]), **measured, "pue": pue}

    def table(self) -> pa.Table:
        step = np.timedelta64(self.options.step_minutes * 60, "s")
        return telemetry_table(
            np.datetime64(self.start, "s") + np.arange(self.step) * step,
            self.load,
            {name: np.array([getattr(action, name) for action in self.actions], np.float64) for name in ACTIONS},
            self._measured(1),
            {sensor.column: sensor.unit for sensor in self.sensors},
            {"options": self.options.model_dump_json(), "controller": repr(self.controller)},
        )


def _mean(parts: list[tuple[float, list[float]]]) -> list[float]:
    """The mean over time; most zone steps have one system step, and a fast-changing one has up to 15."""
    if len(parts) == 1:
        return parts[0][1]
    hours = sum(part for part, _ in parts)
    columns = zip(*(values for _, values in parts), strict=True)
    return [sum(part * value for (part, _), value in zip(parts, column, strict=True)) / hours for column in columns]
