"""EnergyPlus in closed loop through its Python API: one run, in this process.

```
            before the weather of a step      after each system step         after the zone step
step k:     act(what step k-1 measured)  ->  power, flows: summed x hours ->  row k = sums / hours, zone values
            sets load k and set-points k
```

Actuators are written before the simulator sets the step's weather and schedules, so that they hold for the whole step.
`run_plant` starts a process for each run: the simulator keeps callbacks for ever, and may end its process when it fails.
"""

from array import array
from collections.abc import Callable
from math import nan
from typing import Any

from apps.datacenter.plant.controllers import ACTIONS, Action, Controller, Observation
from apps.datacenter.plant.job import Job
from apps.datacenter.plant.points import HEATING, Points, find_points
from apps.datacenter.plant.sampler import Sampler
from apps.datacenter.plant.sensors import Layout
from apps.datacenter.plant.simulator import new_engine, severe_errors
from gristmill.errors import InputError, WorkError

__all__ = ["simulate"]

_RUN_PERIOD = 3  # `kind_of_sim` of a run over the weather file, as against sizing


def simulate(job: Job, controller: Controller, report: Callable[[int], None]) -> tuple[memoryview, "array[float]"]:
    """Runs a plant.

    Args:
        job: What to run.
        controller: Is asked once a step.
        report: Called once a simulated day with the number of steps that it had.

    Returns:
        The value of every variable in the order of `Layout`, float64 [step * variable]; and the changes of what the
        controller asked for, NaN where it asked for nothing: float64 [change * (1 + action)], a step's number first.

    Raises:
        InputError: The controller set a wrong value.
        WorkError: The simulator stopped; its own severe errors are in the message.
    """
    loop = _Loop(job, controller, report)
    status = loop.run(["-w", str(job.weather), "-d", str(job.folder / "engine"), str(job.model)])
    if loop.failure is not None:
        raise loop.failure
    steps, asked = loop.sampler.steps, len(job.load)
    if status or steps != asked:
        raise WorkError(
            f"the simulator stopped at step {steps} of {asked}: {job.name}: {severe_errors(job.folder / 'engine')}"
        )
    return memoryview(loop.sampler.rows)[loop.sampler.width :], loop.changes


class _Loop:
    """The callbacks of one run, and what they keep; they run at every step, so they do little."""

    def __init__(self, job: Job, controller: Controller, report: Callable[[int], None]):
        self.job, self.controller, self.report = job, controller, report
        self.engine = new_engine()
        self.state = self.engine.state_manager.new_state()
        self.layout = Layout(job.sensors)
        sizes = len(job.load), len(self.layout.zone), len(self.layout.system)
        self.sampler = Sampler(self.engine.api, job.inputs, *sizes)
        self.failure: Exception | None = None
        self.over_weather = False  # in the run period, and no longer in sizing
        self.warm = False
        self.points: Points | None = None
        self.step, self.time = 0, job.start  # of the step that begins
        self.action: Action | None = None
        self.changes = array("d")  # [change * (1 + action)]: a step, and the set-points from then on

    def run(self, arguments: list[str]) -> int:
        runtime, api, state = self.engine.runtime, self.engine.api, self.state
        heating = [(HEATING, zone) for zone in self.job.center.zones]
        for variable, key in (*self.layout.zone, *self.layout.system, *heating):
            self.engine.exchange.request_variable(state, variable, key)
        runtime.set_console_output_status(state, False)
        runtime.callback_begin_new_environment(state, self._guarded(self._on_environment))
        runtime.callback_after_new_environment_warmup_complete(state, self._guarded(self._on_warm))
        runtime.callback_begin_zone_timestep_before_set_current_weather(state, self._guarded(self._on_begin))
        compiled = runtime.py_state_callback_type
        api.callbackBeginZoneTimestepBeforeSetCurrentWeather(state, compiled(self.sampler.step_begins))
        api.callbackEndOfSystemTimeStepAfterHVACReporting(state, compiled(self.sampler.system_step))
        api.callbackEndOfZoneTimeStepAfterZoneReporting(state, compiled(self.sampler.zone_step))
        return int(runtime.run_energyplus(state, arguments))

    def _guarded(self, work: Callable[[Any], None]) -> Callable[[Any], None]:
        def callback(state: Any) -> None:  # ctypes would print an exception and go on
            if self.failure is None:
                try:
                    work(state)
                except Exception as error:
                    self.failure = error
                    self.engine.runtime.stop_simulation(state)

        return callback

    def _on_environment(self, state: Any) -> None:
        self.over_weather = self.engine.exchange.kind_of_sim(state) == _RUN_PERIOD
        self.warm = False

    def _on_warm(self, state: Any) -> None:
        del state
        if self.over_weather:
            self.warm = True
            self.sampler.start()

    def _on_begin(self, state: Any) -> None:
        if self.points is None:
            self._find(state)
        if self.warm and self.step < len(self.job.load):
            action = self.controller.act(Observation(self.step, self.time, self._last))
            if action is not self.action:  # actuators hold their values
                self._set(state, action)
            self.step += 1
            self.time += self.job.step
            if self.step % self.job.steps_a_day == 0:
                self.report(self.job.steps_a_day)

    def _find(self, state: Any) -> None:
        exchange = self.engine.exchange
        if self.over_weather and exchange.api_data_fully_ready(state):
            self.points = find_points(exchange, state, self.job.center, self.layout, self.controller.steers)
            inputs = [*self.points.load, *self.points.servers_on][: len(self.job.inputs) // len(self.job.load)]
            self.sampler.read(inputs, self.points.zone, self.points.system)

    def _set(self, state: Any, action: Action) -> None:
        assert self.points
        self.action = action
        self.changes.append(self.step)
        if action.zone_cooling_c is not None:
            self._check_heating(state, self.points, action.zone_cooling_c)
        for name in ACTIONS:
            value = getattr(action, name)
            self.changes.append(nan if value is None else value)
            if value is not None and name not in self.points.actions:
                raise InputError(f"`{name}` must be among what the controller steers. Received: {action}")
            for handle in self.points.actions.get(name, ()):
                if value is None:
                    self.engine.exchange.reset_actuator(state, handle)
                else:
                    self.engine.exchange.set_actuator_value(state, handle, value)

    def _check_heating(self, state: Any, points: Points, zone_cooling_c: float) -> None:
        """The simulator stops where a zone would have to be cooled below what it is heated to."""
        heating = max((self.engine.exchange.get_variable_value(state, each) for each in points.heating), default=0.0)
        if zone_cooling_c < heating:
            raise InputError(
                f"`zone_cooling_c` must be at least the model's heating set-point, {heating:g} degC. "
                f"Received: {zone_cooling_c}"
            )

    def _last(self) -> dict[str, float]:
        measured = self.layout.columns(self.sampler.last())
        load = self.job.load[max(self.step - 1, 0)]
        return {"it_load": load, **measured, "pue": measured["total_power_kw"] / measured["it_power_kw"]}
