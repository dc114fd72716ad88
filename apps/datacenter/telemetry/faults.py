"""Faults of sensors: values outside what their unit allows, powers that contradict one another, and stuck sensors."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from apps.datacenter.telemetry.columns import IT_POWER, PUE, TOTAL_POWER, Column
from apps.datacenter.telemetry.units import likely_units
from gristmill.errors import InputError

__all__ = ["check_powers", "find_stuck", "outside"]

_AIR = ("outdoor", "outside", "ambient", "inlet", "zone", "room", "supply", "return", "rack", "dew_point")
_AIR_RANGE, _OTHER_RANGE = (-60.0, 60.0), (-100.0, 200.0)
_RANGES = {"kW": (0.0, np.inf), "%": (0.0, 100.0), "fraction": (0.0, 1.0)}
_MOST_PUE = 10.0
"""A median above it says that two powers are not in the same unit."""
_ROUNDING = 1e-9
_VARIES = 0.5
"""Share of the values that must differ from the one before, for a sensor that varies."""
_LONGER = 4.0
"""How many times longer than its other runs of one value a run must be."""
_FEW_RUNS = 3
_DAYS_A_RUN = 30.0
"""A sensor that stays the same for long more often than that, and more than a few times, does so by its nature."""
_WITH_LIMITS = ("kW", "kg/s", "m3/s", "%", "fraction")
"""Units of what can stay at its least or greatest value for long: off, or at full power."""


def plausible(column: Column) -> tuple[float, float]:
    """The least and the greatest value that a column may have, in its kept unit."""
    if column.name == PUE:
        return 1.0, np.inf
    unit = column.unit.kept if column.unit else ""
    if unit == "degC":
        return _AIR_RANGE if any(word in column.name for word in _AIR) else _OTHER_RANGE
    return _RANGES.get(unit, (-np.inf, np.inf))


def outside(column: Column, values: NDArray[np.float64], path: str) -> NDArray[np.bool_]:
    """Which values are outside the column's range [row].

    Raises:
        InputError: Most of them are, or a humidity in percent is a fraction; a unit that would fit is told.
    """
    low, high = plausible(column)
    present = values[np.isfinite(values)]
    bad = np.asarray((values < low) | (values > high)) & np.isfinite(values)
    unit = column.unit.kept if column.unit else ""
    if present.size and 2 * bad.sum() > present.size:
        median = float(np.median(present))
        fit = likely_units(unit, median, low, high) if unit else []
        hint = f"; {' or '.join(fit)} would fit: --units '{column.source}={fit[0]}'" if fit else ""
        limits = f"at least {low:g}" if np.isinf(high) else f"from {low:g} to {high:g}"
        raise InputError(
            f"{path}: column {column.source!r} must be {limits} {unit or 'everywhere'}. "
            f"Received: {bad.sum()} of {present.size} values that are not, with a median of {median:.4g}{hint}"
        )
    if unit == "%" and "humid" in column.name and present.size and 0 < np.max(present) <= 1:
        raise InputError(
            f"{path}: column {column.source!r} must be in percent. Received: no value above {np.max(present):.4g}; "
            f"fraction would fit: --units '{column.source}=fraction'"
        )
    return bad


def check_powers(
    total: NDArray[np.float64], it: NDArray[np.float64], columns: Mapping[str, Column]
) -> NDArray[np.bool_]:
    """Tells where the total power is below that of the IT equipment, which is a part of it [row or step].

    Args:
        total: Total power, kW, NaN where missing [row or step].
        it: Power of the IT equipment, likewise.
        columns: By feature, for their names in the files.

    Raises:
        InputError: The median PUE is not from 1 to 10; then the two are not in one unit, or are something else.
    """
    both = (total > 0) & (it > 0)
    median = float(np.median(total[both] / it[both])) if both.any() else 1.0
    if not 1 <= median <= _MOST_PUE:
        total_name, it_name = (columns[name].source for name in (TOTAL_POWER, IT_POWER))
        raise InputError(
            f"PUE, the total power ({total_name!r}) over the IT power ({it_name!r}), must have a median from 1 to "
            f"{_MOST_PUE:g}. Received: {median:.4g}; is one of them in another unit "
            f"(--units '{it_name if median < 1 else total_name}=W'), or are other columns meant "
            "(--total-power, --it-power)?"
        )
    return np.asarray(total < it * (1 - _ROUNDING))


def find_stuck(
    column: Column, times: NDArray[np.float64], values: NDArray[np.float64], interval: float, after: float
) -> tuple[NDArray[np.bool_], str]:
    """Which values come from a stuck sensor, and what is worth knowing of long runs of one value that are not stuck.

    A run of one value is stuck that lasts `after` or longer, and several times longer than the shorter ones, where the
    sensor otherwise varies. Three things are not: the least or greatest value of a power or flow, as of a machine that is
    off; a value at which it stays long more than once, as at a limit; and a sensor that stays long at many values, by its
    nature.

    Args:
        column: What is measured; set-points are never stuck.
        times: Seconds, rising [reading].
        values: NaN is missing [reading].
        interval: Seconds that the last reading stands for.
        after: Seconds.
    """
    stuck = np.zeros(len(values), bool)
    rows = np.flatnonzero(np.isfinite(values))
    if rows.size < 2 or column.is_setting or column.name == PUE:
        return stuck, ""
    present, moments = values[rows], times[rows]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(present) != 0]))
    ends = np.concatenate([starts[1:], [rows.size]])
    lasts = moments[ends - 1] + interval - moments[starts]
    shorter = lasts[lasts < after]
    long = (lasts >= max(after, _LONGER * shorter.max(initial=0))) & (ends - starts > 2)
    if not long.any():
        return stuck, ""
    held = present[starts]
    limits = _limits(column, present, held[long])
    suspect = long & ~np.isin(held, limits)
    if note := _by_nature(starts, ends, suspect, (moments[-1] - moments[0]) / 86_400):
        return stuck, note
    for run in np.flatnonzero(suspect).tolist():
        stuck[rows[starts[run] : ends[run]]] = True
    return stuck, f"stays long at {', '.join(f'{value:.4g}' for value in limits)}" if limits else ""


def _by_nature(starts: NDArray[np.int64], ends: NDArray[np.int64], suspect: NDArray[np.bool_], days: float) -> str:
    """Why a sensor with suspect runs is one that does not vary, or an empty text."""
    if starts.size == 1:
        return "constant"
    others = (ends - starts)[~suspect].sum()
    if suspect.any() and (~suspect).sum() < _VARIES * max(others, 1):
        return "changes seldom: not looked at for being stuck"
    if suspect.sum() > max(_FEW_RUNS, days / _DAYS_A_RUN):
        return f"stays long at many values by its nature: {suspect.sum()} times"
    return ""


def _limits(column: Column, present: NDArray[np.float64], held: NDArray[np.float64]) -> list[float]:
    """The values of long runs at which a column may stay."""
    found, counts = np.unique(held, return_counts=True)
    limits = set(found[counts > 1].tolist())
    if column.unit and column.unit.kept in _WITH_LIMITS:
        limits |= {float(present.min()), float(present.max())} & set(found.tolist())
    return sorted(limits)
