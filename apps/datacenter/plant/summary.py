"""What a run came to: energy, PUE, and how often the air at the servers was not as it must be."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.errors import InputError

__all__ = ["Limits", "Summary", "humidity_out", "inlet_out", "summarise"]


@dataclass(frozen=True)
class Limits:
    """The air at the server inlets: by default the recommended envelope of ASHRAE TC 9.9 (2021), with 70% humidity."""

    inlet_c: tuple[float, float] = (18.0, 27.0)
    """Lowest and highest temperature, degrees Celsius."""
    dew_point_c: tuple[float, float] = (-9.0, 15.0)
    """Lowest and highest dew point, degrees Celsius."""
    humidity_percent: float = 70.0
    """Highest relative humidity, %."""


@dataclass(frozen=True)
class Summary:
    """A run in numbers; energy is that of the whole run."""

    steps: int
    total_mwh: float
    """All of the facility: computing, cooling, lights."""
    cooling_mwh: float
    """Compressors, pumps, towers, fans."""
    it_mwh: float
    pue: float
    """Total over IT energy."""
    inlet_steps_out: int
    """Steps in which some server's inlet was colder or warmer than the limits."""
    humidity_share_out: float
    """Share of steps, 0 to 1, in which some server's inlet broke a limit of dew point or humidity."""
    inlet_lowest_c: float
    inlet_highest_c: float


def summarise(table: pa.Table, limits: Limits | None = None) -> Summary:
    """Sums a run up.

    Args:
        table: Telemetry of a plant at even steps; see `telemetry_table`.
        limits: What the air at the inlets must keep.

    Raises:
        InputError: The table has fewer than two steps.
    """
    if table.num_rows < 2:
        raise InputError(f"telemetry must have two steps or more to be summed up. Received: {table.num_rows}")
    limits = limits or Limits()
    times = table["time"].cast(pa.timestamp("s"))
    hours = pc.seconds_between(times[0], times[1]).as_py() / 3600
    mwh = {
        name: float(table[f"{name}_power_kw"].to_numpy().sum()) * hours / 1000 for name in ("total", "cooling", "it")
    }
    inlets = _inlets(table, "inlet_c")
    return Summary(
        steps=table.num_rows,
        total_mwh=mwh["total"],
        cooling_mwh=mwh["cooling"],
        it_mwh=mwh["it"],
        pue=mwh["total"] / mwh["it"],
        inlet_steps_out=int(inlet_out(table, limits).sum()),
        humidity_share_out=float(humidity_out(table, limits).mean()),
        inlet_lowest_c=float(inlets.min()),
        inlet_highest_c=float(inlets.max()),
    )


def inlet_out(table: pa.Table, limits: Limits) -> npt.NDArray[np.bool_]:
    """Whether some server's inlet was colder or warmer than the limits, in each step [step]."""
    inlets = _inlets(table, "inlet_c")
    return np.asarray(((inlets < limits.inlet_c[0]) | (inlets > limits.inlet_c[1])).any(axis=1))


def humidity_out(table: pa.Table, limits: Limits) -> npt.NDArray[np.bool_]:
    """Whether some server's inlet broke a limit of dew point or humidity, in each step [step]."""
    dew_points, humidity = _inlets(table, "inlet_dew_point_c"), _inlets(table, "inlet_humidity_percent")
    low, high = limits.dew_point_c
    out = (dew_points < low) | (dew_points > high) | (humidity > limits.humidity_percent)
    return np.asarray(out.any(axis=1))


def _inlets(table: pa.Table, ending: str) -> npt.NDArray[np.float64]:
    """The columns of all servers [step, server]."""
    return np.stack([table[name].to_numpy() for name in table.column_names if name.endswith(f"_{ending}")], axis=1)
