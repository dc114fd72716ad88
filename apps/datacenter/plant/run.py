"""Runs a plant in a process of its own: the simulator keeps state, and may end its process when it fails."""

import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from apps.datacenter.plant.controllers import Controller, Default
from apps.datacenter.plant.options import PlantOptions
from gristmill.errors import InputError, WorkError

__all__ = ["read_telemetry", "run_plant", "write_telemetry"]


def run_plant(
    options: PlantOptions, controller: Controller | None = None, *, engine_folder: Path | None = None
) -> pa.Table:
    """Runs a plant in closed loop; a year in steps of 15 minutes takes some seven seconds of one core.

    Args:
        options: What to run.
        controller: Is asked once a step; the model's own controls by default.
        engine_folder: Keeps the simulator's own files; they are thrown away by default.

    Returns:
        Telemetry, a row a step, units in the metadata of the fields; see `telemetry_table`.

    Raises:
        InputError: The model, the weather, the load or the controller is not what it must be.
        WorkError: The simulator stopped.
    """
    try:
        job = pickle.dumps((options, controller or Default()))
    except (AttributeError, pickle.PicklingError, TypeError) as error:
        raise InputError(f"a controller must be picklable. Received: {controller!r} ({error})") from error
    with tempfile.TemporaryDirectory(prefix="plant-") as temporary:
        folder = Path(engine_folder or temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        result = folder / "result.pickle"
        result.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-P", "-m", "apps.datacenter.plant.worker", str(folder)],
            input=job,
            capture_output=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        if not result.is_file():
            tail = " ".join(done.stderr.decode(errors="replace").strip().splitlines()[-3:])
            raise WorkError(f"the plant's process ended with status {done.returncode}: {options.model}: {tail}")
        failure = pickle.loads(result.read_bytes())
        if failure is not None:
            raise failure
        return read_telemetry(folder / "telemetry.parquet")


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
