"""The plant as a Gymnasium environment (https://gymnasium.farama.org), so that any agent can be tried on it.

```
reset()    -> what the last warm-up step measured
step(a_0)  -> what step 0 measured under a_0
...
step(a_n)  -> what the last step measured under a_n, truncated
```
"""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from multiprocessing import Pipe
from pathlib import Path
from typing import Any, NoReturn

import gymnasium
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.datacenter.plant.controllers import ACTIONS
from apps.datacenter.plant.model import find_data_center, read_model
from apps.datacenter.plant.options import PlantOptions
from apps.datacenter.plant.process import PlantProcess
from apps.datacenter.plant.remote import Remote
from apps.datacenter.plant.reward import EnergyReward, Reward
from apps.datacenter.plant.sensors import sensors as model_sensors
from apps.datacenter.plant.simulator import as_epjson
from apps.datacenter.plant.sources import model_file
from apps.datacenter.plant.summary import Limits
from gristmill.errors import InputError, WorkError, unknown_name

__all__ = ["PlantEnvironment"]

_RANGES = ACTIONS | {"zone_cooling_c": ("degC", 21.0, 45.0)}  # the public models heat to 20 degrees at most
_BOUNDS = {
    "degC": (-100.0, 200.0),
    "%": (0.0, 110.0),
    "kg/s": (0.0, 1e5),
    "kW": (0.0, 1e6),
    "fraction": (0.0, 1.0),
    "1": (0.0, 1e3),
    "h": (0.0, 24.0),
    "d": (1.0, 366.0),
}
"""Lowest and highest value of a sensor, by its unit."""
_ROUNDING = 1e-6  # what an action may be off its range, as a share: agents compute in float32

Vector = npt.NDArray[np.float64]


class PlantEnvironment(gymnasium.Env[Vector, Vector]):
    """A plant that an agent steers, one step of the plant at a time.

    `action_space` is a box with a value for each of `steers`, `observation_space` one with a value for each of
    `sensors`, both float64; `units` tells the unit of each name. `terminated` is always false, and `truncated` is true
    at the last step, after which `telemetry` has the run's table. `info` has `step`, `time` (when the step began) and
    `measured` (all sensors by name). The plant is not random: a seed changes nothing.

    Every episode is a process of its own. It ends at `close`, at `reset`, and when the agent's process ends.
    """

    def __init__(
        self,
        options: PlantOptions | None = None,
        steers: Sequence[str] = ("zone_cooling_c", "supply_air_c"),
        sensors: Sequence[str] | None = None,
        *,
        ranges: Mapping[str, tuple[float, float]] | None = None,
        reward: Reward | None = None,
        limits: Limits | None = None,
    ):
        """Reads the model; no plant runs before `reset`.

        Args:
            options: What to run; an episode is the whole run.
            steers: The set-points that an action has, in this order; see `ACTIONS` for their units.
            sensors: What an observation has, in this order: telemetry columns, `hour_of_day` and `day_of_year` of the
                moment when a step ended; all of them by default.
            ranges: Lowest and highest value of set-points, where they are not those of `ACTIONS` (`zone_cooling_c`:
                21 to 45 degrees Celsius; below a model's heating set-point the simulator would stop).
            reward: Judges a step; `EnergyReward()` by default.
            limits: What the air at the server inlets must keep, for the reward.

        Raises:
            InputError: A name is not known, a range is none, or the model is not what it must be.
        """
        self.options, self.steers = options or PlantOptions(), tuple(steers)
        self.reward, self.limits = reward or EnergyReward(), limits or Limits()
        bounds = _action_bounds(self.steers, ranges or {})
        self.action_space = gymnasium.spaces.Box(bounds[:, 0], bounds[:, 1], dtype=np.float64)
        known = _sensor_units(self.options.model)
        self.sensors = tuple(known if sensors is None else sensors)
        for name in self.sensors:
            if name not in known:
                raise unknown_name("sensor", name, known)
        bounds = np.array([_BOUNDS[known[name]] for name in self.sensors])
        self.observation_space = gymnasium.spaces.Box(bounds[:, 0], bounds[:, 1], dtype=np.float64)
        self.units = {name: ACTIONS[name][0] for name in self.steers} | {name: known[name] for name in self.sensors}
        self.telemetry: pa.Table | None = None
        self._episode: _Episode | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Vector, dict[str, Any]]:
        """Starts the plant from the beginning, in a new process.

        Args:
            seed: Changes nothing, as the plant is not random.
            options: Not used.

        Returns:
            What was measured over the last warm-up step, and `info`, whose step is -1.

        Raises:
            InputError: The weather, the load or the model is not what it must be.
            WorkError: The simulator stopped.
        """
        super().reset(seed=seed, options=options)
        self.close()
        self.telemetry = None
        self._episode = _Episode(self.options, frozenset(self.steers))
        return self._observed(-1, self._episode.measured())

    def step(self, action: Vector) -> tuple[Vector, float, bool, bool, dict[str, Any]]:
        """Runs the plant for one step.

        Args:
            action: Set-points of the step in the units of `ACTIONS`, [steers].

        Returns:
            What was measured in this step [sensors], its reward, False, whether it was the last, and `info`.

        Raises:
            InputError: The action is not in `action_space`, or there was no `reset` before.
            WorkError: The simulator stopped.
        """
        if self._episode is None or self.telemetry is not None:
            raise InputError("`reset` must come before the first `step`, and after the last one.")
        episode = self._episode
        episode.act(dict(zip(self.steers, self._checked(action).tolist(), strict=True)))
        step = episode.acted - 1
        last = episode.acted == self.options.steps
        if last:
            self.telemetry = episode.run.result()
            measured = {name: self.telemetry[name][step].as_py() for name in episode.columns}
        else:
            measured = episode.measured()
        observation, info = self._observed(step, measured)
        worth = self.reward(measured, self.options.step_minutes / 60, self.limits)
        return observation, float(worth), False, last, info

    @property
    def process(self) -> int | None:
        """Number of the plant's process; None where none was started, or it was closed."""
        return self._episode.run.process.pid if self._episode else None

    def close(self) -> None:
        """Ends the plant's process."""
        if self._episode:
            self._episode.close()
            self._episode = None

    def _checked(self, action: Vector) -> Vector:
        space = self.action_space
        assert isinstance(space, gymnasium.spaces.Box)
        values = np.asarray(action, np.float64)
        slack = _ROUNDING * np.maximum(np.abs(space.low), np.abs(space.high))
        if values.shape != space.shape or not ((values >= space.low - slack) & (values <= space.high + slack)).all():
            rules = zip(self.steers, space.low, space.high, strict=True)
            rule = ", ".join(f"`{name}` from {low:g} to {high:g} {self.units[name]}" for name, low, high in rules)
            raise InputError(f"an action must be {rule}. Received: {action}")
        return np.clip(values, space.low, space.high)

    def _observed(self, step: int, measured: dict[str, float]) -> tuple[Vector, dict[str, Any]]:
        length = timedelta(minutes=self.options.step_minutes)
        began = datetime.combine(self.options.first_day, datetime.min.time()) + step * length
        known = measured | _time_sensors(began + length)
        info = {"step": step, "time": began, "measured": measured}
        return np.array([known[name] for name in self.sensors]), info


class _Episode:
    """One plant, and the connection to it."""

    def __init__(self, options: PlantOptions, steers: frozenset[str]):
        with ExitStack() as opened:
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="plant-"))
            self.connection, theirs = Pipe()
            opened.enter_context(self.connection)
            with theirs:
                asks = Remote(steers, theirs.fileno())
                self.run = PlantProcess(options, asks, Path(folder), [theirs.fileno()])
            opened.callback(self.run.kill)
            self.close = opened.pop_all().close
        self.acted = 0
        self.columns: tuple[str, ...] = ()

    def act(self, action: dict[str, float]) -> None:
        with suppress(BrokenPipeError):  # a plant that has ended is seen where its answer is read
            self.connection.send(action)
        self.acted += 1

    def measured(self) -> dict[str, float]:
        try:
            measured: dict[str, float] = self.connection.recv()
        except (EOFError, OSError):
            self._fail()
        self.columns = tuple(measured)
        return measured

    def _fail(self) -> NoReturn:
        self.run.result()  # raises what the plant's process raised
        raise WorkError("the plant ended before its last step")


def _action_bounds(steers: Sequence[str], ranges: Mapping[str, tuple[float, float]]) -> Vector:
    """Lowest and highest value of each set-point [steers, 2]."""
    for name in (*steers, *ranges):
        if name not in ACTIONS:
            raise unknown_name("action", name, ACTIONS)
    if not steers or len(set(steers)) < len(steers):
        raise InputError(f"`steers` must be one or more set-points, each once. Received: {tuple(steers)}")
    bounds = []
    for name in steers:
        unit, lowest, highest = ACTIONS[name]
        low, high = ranges.get(name, _RANGES[name][1:])
        if not lowest <= low < high <= highest:
            raise InputError(
                f"range of `{name}` must rise within {lowest} to {highest} {unit}. Received: {low}, {high}"
            )
        bounds.append((low, high))
    return np.array(bounds, np.float64)


def _sensor_units(model: str) -> dict[str, str]:
    """Unit of every sensor that an environment of this model can have."""
    path = model_file(model)
    with tempfile.TemporaryDirectory(prefix="plant-") as folder:
        center = find_data_center(read_model(as_epjson(path, Path(folder))), str(path))
    columns = {sensor.column: sensor.unit for sensor in model_sensors(center)}
    return {"it_load": "fraction"} | columns | {"pue": "1", "hour_of_day": "h", "day_of_year": "d"}


def _time_sensors(moment: datetime) -> dict[str, float]:
    return {"hour_of_day": moment.hour + moment.minute / 60, "day_of_year": float(moment.timetuple().tm_yday)}
