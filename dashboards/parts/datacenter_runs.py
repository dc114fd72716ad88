"""The files of a closed loop in a run, what to do where they are not there, and columns with their units."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import streamlit as st
from numpy.typing import NDArray

from apps.datacenter.plant import read_telemetry
from apps.datacenter.telemetry.units import unit_in_name
from dashboards.parts.folders import Stamp
from dashboards.parts.messages import show_empty
from gristmill.runs import Run

__all__ = [
    "MAKE",
    "PUE_TITLE",
    "SPLIT",
    "column_title",
    "days_of",
    "in_order",
    "load_telemetry",
    "log_file",
    "show_lacking",
    "step_hours",
    "telemetry_files",
    "times_of",
    "unit_of",
]

SPLIT = "test"
PUE_TITLE = "PUE (total over IT)"
MAKE = "gristmill run datacenter"
_FOLDER = f"evaluation/{SPLIT}"
_ORDER = ("model", "default", "best_constant", "reactive")
_POLICY = "policy.keras"
_UNITS = {"degC": "°C", "1": "", "fraction": "fraction"}


def telemetry_files(run: Run) -> dict[str, Path]:
    """Telemetry of each system's closed loop, ours first."""
    names = [Path(name).stem for name in run.files if name.startswith(f"{_FOLDER}/") and name.endswith(".parquet")]
    return {name: run.file(f"{_FOLDER}/{name}.parquet") for name in in_order(names)}


def log_file(run: Run) -> Path | None:
    """The guard's action log; None where the run has none."""
    name = f"{_FOLDER}/actions.jsonl"
    return run.file(name) if name in run.files else None


@st.cache_resource(show_spinner="Reading the telemetry …", max_entries=8)
def load_telemetry(path: Path, mark: Stamp) -> pa.Table:
    """Telemetry of one system; `mark` is the run's state."""
    return read_telemetry(path)


def in_order(names: Iterable[str]) -> list[str]:
    """Systems, ours first, then the peers in the order of their strength."""
    return sorted(names, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


def show_lacking(what: str, run: Run) -> None:
    """Says what a run lacks: the policy has to be judged in the plant, where there is one and its plant is known."""
    if _POLICY in run.files and SPLIT not in run.metrics:
        show_empty(f"{what}: it was not judged yet. This does it:", f"gristmill evaluate {run.path}")
    else:
        show_empty(f"{what}. This makes a run that has all, on a plant that is simulated:", MAKE)


def times_of(table: pa.Table) -> NDArray[np.datetime64]:
    """Beginning of each step [step]."""
    return np.asarray(table["time"].to_numpy())


def step_hours(table: pa.Table) -> float:
    """Length of a step."""
    times = times_of(table)
    return float((times[1] - times[0]) / np.timedelta64(1, "h")) if len(times) > 1 else 0.0


def days_of(table: pa.Table) -> tuple[date, date]:
    """The first and the last day."""
    times = times_of(table).astype("datetime64[D]")
    return times[0].item(), times[-1].item()


def unit_of(column: str) -> str:
    """The unit that a column's name says, as it is written; empty where it says none."""
    if column == "pue":
        return "total over IT"
    unit = unit_in_name(column)[1]
    return _UNITS.get(unit.name, unit.name) if unit else ""


def column_title(column: str) -> str:
    """What a column is called on a page, with its unit: `action_zone_cooling_c` as `zone cooling (°C)`."""
    unit = unit_of(column)
    words = "PUE" if column == "pue" else unit_in_name(column.removeprefix("action_"))[0].replace("_", " ")
    return f"{words} ({unit})" if unit else words
