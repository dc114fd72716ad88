"""Runs a plant from its options to its telemetry, and keeps telemetry in files."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from apps.datacenter.plant.controllers import Controller, Default
from apps.datacenter.plant.options import PlantOptions
from apps.datacenter.plant.process import PlantProcess
from gristmill.errors import InputError

__all__ = ["read_telemetry", "run_plant", "write_telemetry"]


def run_plant(
    options: PlantOptions,
    controller: Controller | None = None,
    *,
    engine_folder: Path | None = None,
    report: Callable[[int], None] = lambda steps: None,
) -> pa.Table:
    """Runs a plant in closed loop; a year in steps of 15 minutes takes some five seconds of one core.

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
