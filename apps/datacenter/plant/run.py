"""Runs a plant in a process of its own: the simulator keeps state, and may end its process when it fails."""

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from apps.datacenter.plant.controllers import Controller, Default
from apps.datacenter.plant.options import PlantOptions
from gristmill.errors import InputError, WorkError

__all__ = ["PlantProcess", "read_telemetry", "run_plant", "write_telemetry"]


def run_plant(
    options: PlantOptions,
    controller: Controller | None = None,
    *,
    engine_folder: Path | None = None,
    report: Callable[[int], None] = lambda steps: None,
) -> pa.Table:
    """Runs a plant in closed loop; a year in steps of 15 minutes takes some seven seconds of one core.

    Args:
        options: What to run.
        controller: Is asked once a step; the model's own controls by default.
        engine_folder: Keeps the simulator's own files; they are thrown away by default.
        report: Called once a simulated day with the number of steps that it had.

    Returns:
        Telemetry, a row a step, units in the metadata of the fields; see `telemetry_table`.

    Raises:
        InputError: The model, the weather, the load or the controller is not what it must be.
        WorkError: The simulator stopped.
    """
    with tempfile.TemporaryDirectory(prefix="plant-") as temporary:
        run = PlantProcess(options, controller or Default(), engine_folder or Path(temporary))
        try:
            return run.result(report)
        finally:
            run.kill()


class PlantProcess:
    """A run under way in a process of its own."""

    def __init__(self, options: PlantOptions, controller: Controller, folder: Path, inherited: Collection[int] = ()):
        """Starts it.

        Args:
            options: What to run.
            controller: Is asked once a step, in that process.
            folder: Where it leaves its files.
            inherited: File descriptors that it gets under the same numbers.

        Raises:
            InputError: The controller cannot be pickled.
        """
        try:
            job = pickle.dumps((options, controller))
        except (AttributeError, pickle.PicklingError, TypeError) as error:
            raise InputError(f"a controller must be picklable. Received: {controller!r} ({error})") from error
        self.model, self.folder = options.model, folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "result.pickle").unlink(missing_ok=True)
        with open(self.folder / "messages.txt", "wb") as messages:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "apps.datacenter.plant.worker", str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=messages,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                pass_fds=tuple(inherited),
            )
        assert self.process.stdin
        with suppress(BrokenPipeError), self.process.stdin as stdin:
            stdin.write(job)

    def result(self, report: Callable[[int], None] = lambda steps: None) -> pa.Table:
        """Waits for the run's end.

        Args:
            report: Called once a simulated day with the number of steps that it had.

        Returns:
            The telemetry.

        Raises:
            InputError: The model, the weather, the load or the controller is not what it must be.
            WorkError: The simulator stopped.
        """
        assert self.process.stdout
        for line in self.process.stdout:
            if line.strip().isdigit():  # else a library's word
                report(int(line))
        status = self.process.wait()
        try:
            failure = pickle.loads((self.folder / "result.pickle").read_bytes())
        except FileNotFoundError as error:
            tail = " ".join((self.folder / "messages.txt").read_text(errors="replace").strip().splitlines()[-3:])
            raise WorkError(f"the plant's process ended with status {status}: {self.model}: {tail}") from error
        if failure is not None:
            raise failure
        return read_telemetry(self.folder / "telemetry.parquet")

    def kill(self) -> None:
        """Ends the process, where it has not ended."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


def write_telemetry(table: pa.Table, path: Path) -> None:
    """Writes telemetry as Parquet; units and what was run stay in the schema's metadata."""
    pq.write_table(table, path, compression="zstd")


def read_telemetry(path: Path) -> pa.Table:
    """Reads what `write_telemetry` wrote, into memory.

    Raises:
        InputError: The file is not there or is no Parquet file.
    """
    try:
        return pq.read_table(path, memory_map=False)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"cannot read telemetry {path}: {error}") from error
