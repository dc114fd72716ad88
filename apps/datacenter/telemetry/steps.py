"""A site's steps: the readings of each column, none of them from a stuck sensor, as means over steps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.datacenter.telemetry.columns import IT_POWER, PUE, TOTAL_POWER, Column
from apps.datacenter.telemetry.faults import check_powers, find_stuck
from apps.datacenter.telemetry.report import ColumnReport
from apps.datacenter.telemetry.resample import Grid, fill_gaps, means, median_interval, reading_ends, touched

__all__ = ["Readings", "Steps", "make_steps", "read_at"]


@dataclass(frozen=True)
class Readings:
    """What one column had at a site, in the order of time, one reading a time."""

    times: NDArray[np.float64]
    """Seconds since 1970 UTC, rising [reading]."""
    values: NDArray[np.float64]
    """NaN is missing [reading]."""


@dataclass(frozen=True)
class Steps:
    """Steps that have at least one value."""

    numbers: NDArray[np.int64]
    """Rising, as the grid counts them [step]."""
    values: dict[str, NDArray[np.float64]]
    """By feature, NaN is missing [step]."""


def read_at(times: NDArray[np.float64], values: NDArray[np.float64]) -> Readings:
    """The readings of rows of one site; rows of one time, which do not contradict one another, give one.

    Args:
        times: Seconds, rising, perhaps more than once the same [row].
        values: NaN is missing [row].
    """
    starts = np.flatnonzero(np.diff(times, prepend=-np.inf) > 0)
    if len(starts) == len(times):
        return Readings(times, values)
    return Readings(times[starts], np.fmax.reduceat(values, starts))


def make_steps(
    readings: dict[str, Readings],
    columns: dict[str, Column],
    grid: Grid,
    stuck_seconds: float,
    fill_steps: int,
    reports: dict[str, ColumnReport],
) -> Steps:
    """Makes the steps of one site, and counts in the reports what is stuck, missing and filled.

    Args:
        readings: By feature.
        columns: By feature.
        grid: The steps.
        stuck_seconds: After which a sensor counts as stuck.
        fill_steps: Steps of the longest gap that is filled.
        reports: By feature.
    """
    made, ends = {}, {}
    for name, column in readings.items():
        interval = median_interval(column.times) or float(grid.seconds)
        stuck, note = find_stuck(columns[name], column.times, column.values, interval, stuck_seconds)
        reports[name].stuck += int(stuck.sum())
        reports[name].note = reports[name].note or note
        made[name] = np.where(stuck, np.nan, column.values)
        ends[name] = reading_ends(column.times, interval)
    numbers = _bridged(_all_touched(readings, ends, grid), fill_steps)
    values = {name: means(grid, numbers, column.times, ends[name], made[name]) for name, column in readings.items()}
    _check_powers(values, columns, reports)
    for name, found in list(values.items()):
        values[name], filled = fill_gaps(numbers, found, fill_steps, columns[name].is_setting)
        reports[name].steps_filled += filled
    some = np.flatnonzero(np.any([np.isfinite(found) for found in values.values()], axis=0))
    values = {name: found[some] for name, found in values.items()}
    for name, found in values.items():
        reports[name].steps_missing += int(np.isnan(found).sum())
    if TOTAL_POWER in values and IT_POWER in values:
        values[PUE] = _pue(values[TOTAL_POWER], values[IT_POWER])
    return Steps(numbers[some], values)


def _all_touched(readings: dict[str, Readings], ends: dict[str, NDArray[np.float64]], grid: Grid) -> NDArray[np.int64]:
    """Steps that any reading touches; columns of one logger have the same times, which are looked at once."""
    found: list[NDArray[np.int64]] = []
    seen: list[NDArray[np.float64]] = []
    for name, column in readings.items():
        if not any(column.times is times or np.array_equal(column.times, times) for times in seen):
            seen.append(column.times)
            found.append(touched(grid, column.times, ends[name]))
    return np.unique(np.concatenate(found))


def _bridged(numbers: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """The steps with those of the gaps that may be filled."""
    apart = np.diff(numbers)
    gaps = np.flatnonzero((apart > 1) & (apart <= most + 1))
    counts = apart[gaps] - 1
    between = (
        np.repeat(numbers[gaps] + 1, counts) + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    )
    return np.union1d(numbers, between)


def _check_powers(
    values: dict[str, NDArray[np.float64]], columns: dict[str, Column], reports: dict[str, ColumnReport]
) -> None:
    """What the rows of one file show, the steps show of powers that stand in two files."""
    if TOTAL_POWER in values and IT_POWER in values:
        below = check_powers(values[TOTAL_POWER], values[IT_POWER], columns)
        for name in (TOTAL_POWER, IT_POWER):
            values[name] = np.where(below, np.nan, values[name])
            reports[name].below_it_power += int(below.sum())


def _pue(total: NDArray[np.float64], it: NDArray[np.float64]) -> NDArray[np.float64]:
    """Total over IT power, NaN where either is missing or the IT equipment is off [step]."""
    on = it > 0
    return np.where(on, total / np.where(on, it, 1.0), np.nan)
