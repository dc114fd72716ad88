"""A run in a process of its own: the simulator keeps state, and may end its process when it fails."""

import json
import os
import pickle
import subprocess
import sys
from array import array
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.datacenter.plant.controllers import ACTIONS, Controller
from apps.datacenter.plant.job import Job
from apps.datacenter.plant.load import read_load, read_servers_on
from apps.datacenter.plant.model import DataCenter, find_data_center, read_model
from apps.datacenter.plant.options import PlantOptions
from apps.datacenter.plant.prepare import prepare
from apps.datacenter.plant.sensors import Layout, sensors
from apps.datacenter.plant.simulator import as_epjson
from apps.datacenter.plant.sources import model_file, weather_file
from apps.datacenter.plant.telemetry import telemetry_table
from apps.datacenter.plant.weather import check_weather
from gristmill.errors import InputError, WorkError, unknown_name

__all__ = ["PlantProcess"]


class PlantProcess:
    """A run under way."""

    def __init__(self, options: PlantOptions, controller: Controller, folder: Path, inherited: Collection[int] = ()):
        """Checks what it is given, and starts the process.

        Args:
            options: What to run.
            controller: Is asked once a step, in that process.
            folder: Where it leaves its files.
            inherited: File descriptors that the process gets under the same numbers.

        Raises:
            InputError: The model, the weather, the load or the controller is not what it must be.
        """
        try:
            told = pickle.dumps(controller)
        except (AttributeError, pickle.PicklingError, TypeError) as error:
            raise InputError(f"a controller must be picklable. Received: {controller!r} ({error})") from error
        self.options, self.about = options, repr(controller)
        self.job = _plan(options, controller.steers, folder.resolve())
        (self.job.folder / "result.pickle").unlink(missing_ok=True)
        with open(self.job.folder / "messages.txt", "wb") as messages:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "apps.datacenter.plant.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=messages,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                pass_fds=tuple(inherited),
            )
        assert self.process.stdin
        with suppress(BrokenPipeError), self.process.stdin as stdin:
            stdin.write(pickle.dumps(self.job) + told)

    def result(self, report: Callable[[int], None] = lambda steps: None) -> pa.Table:
        """Waits for the run's end.

        Args:
            report: Called once a simulated day with the number of steps that it had.

        Returns:
            The telemetry.

        Raises:
            InputError: The controller set a wrong value.
            WorkError: The simulator stopped.
        """
        assert self.process.stdout
        for line in self.process.stdout:
            if line.strip().isdigit():  # else a library's word
                report(int(line))
        status = self.process.wait()
        try:
            failure = pickle.loads((self.job.folder / "result.pickle").read_bytes())
        except FileNotFoundError as error:
            tail = " ".join((self.job.folder / "messages.txt").read_text(errors="replace").strip().splitlines()[-3:])
            raise WorkError(f"the plant's process ended with status {status}: {self.job.name}: {tail}") from error
        if failure is not None:
            raise failure
        return self._table()

    def kill(self) -> None:
        """Ends the process, where it has not ended."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()

    def _table(self) -> pa.Table:
        job, steps = self.job, len(self.job.load)
        rows = np.fromfile(job.folder / "rows.bin").reshape(steps, -1)  # [step, variable]
        changes = np.fromfile(job.folder / "changes.bin").reshape(-1, 1 + len(ACTIONS))
        actions = changes[np.searchsorted(changes[:, 0], np.arange(steps), side="right") - 1, 1:]  # [step, action]
        step = np.timedelta64(job.step // timedelta(seconds=1), "s")
        return telemetry_table(
            np.datetime64(job.start, "s") + np.arange(steps) * step,
            np.array(job.load),
            dict(zip(ACTIONS, actions.T, strict=True)),
            Layout(job.sensors).columns(list(rows.T)),
            {sensor.column: sensor.unit for sensor in job.sensors},
            {"options": self.options.model_dump_json(), "controller": self.about},
        )


def _plan(options: PlantOptions, steers: frozenset[str], folder: Path) -> Job:
    for name in sorted(steers - set(ACTIONS)):
        raise unknown_name("action", name, ACTIONS)
    path, weather = model_file(options.model), weather_file(options.weather)
    check_weather(weather)
    folder.mkdir(parents=True, exist_ok=True)
    model = read_model(as_epjson(path, folder / "converted"))
    center = find_data_center(model, str(path))
    prepared = folder / "model.epJSON"
    prepared.write_text(json.dumps(prepare(model, options, steers, str(path))))
    load, inputs = _inputs(options, center, str(path))
    return Job(
        name=str(path),
        model=prepared,
        weather=weather.resolve(),
        folder=folder,
        load=array("d", load.tobytes()),
        inputs=array("d", inputs.tobytes()),
        start=datetime.combine(options.first_day, datetime.min.time()),
        step=timedelta(minutes=options.step_minutes),
        center=center,
        sensors=sensors(center),
    )


def _inputs(
    options: PlantOptions, center: DataCenter, name: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The load [step], and what is set in each step [step, schedule]."""
    series = read_load(options.load, options.load_minutes)
    load = series.steps(options.step_minutes, options.steps)
    if options.servers_on is None:
        return load, np.stack([load] * len(center.load_schedules), axis=1)
    if not center.operation_schedules:
        raise InputError(f"{name}: `servers_on` must be left out for a model without a schedule of the servers' power.")
    on = read_servers_on(options.servers_on, series).steps(options.step_minutes, options.steps)
    used, shares = [load / on] * len(center.load_schedules), [on] * len(center.operation_schedules)
    return load, np.stack([*used, *shares], axis=1)
