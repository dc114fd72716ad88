"""Resampling: readings at any times become means over steps of one length, each reading counted by its time.

readings   t0....t1....t2...........t3....      each stands until the next one, or for its own interval
covered    ----------------         ------
steps      |.....|.....|.....|.....|.....|      a step of which less than half is covered has no value
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Grid", "fill_gaps", "means", "median_interval", "reading_ends", "touched"]

_CONNECTED = 1.5
"""Intervals up to which a reading stands until the next one; beyond that it stands for one interval."""
_COVERED = 0.5
"""Share of a step that must be covered."""


@dataclass(frozen=True)
class Grid:
    """Steps of one length, numbered from 1970: step k begins at `phase + k * seconds`."""

    seconds: int
    phase: int

    def begins(self, steps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Seconds since 1970 UTC at which steps begin [step]."""
        return self.phase + steps * self.seconds

    @classmethod
    def of(cls, seconds: int, times: NDArray[np.float64], interval: float) -> "Grid":
        """The grid on which most readings begin a step, where most of them can; else one of whole steps since 1970."""
        every = max(1, min(seconds, round(interval)))
        found, counts = np.unique(np.floor(times) % every, return_counts=True)
        best = int(np.argmax(counts))
        return cls(seconds, int(found[best]) if 2 * counts[best] > len(times) else 0)


def median_interval(times: NDArray[np.float64]) -> float | None:
    """Seconds from a reading to the next; None where there are not two.

    Args:
        times: Seconds, rising [reading].
    """
    return float(np.median(np.diff(times))) if len(times) > 1 else None


def reading_ends(times: NDArray[np.float64], interval: float) -> NDArray[np.float64]:
    """Until when each reading stands, in seconds.

    Args:
        times: Seconds, rising [reading].
        interval: What is usual from one to the next.
    """
    after = np.diff(times, append=np.inf)
    return times + np.where(after <= _CONNECTED * interval, after, interval)


def touched(grid: Grid, starts: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers of the steps that readings touch, rising [step].

    Args:
        grid: The steps.
        starts: Seconds, rising [reading].
        ends: Not after the next start [reading].
    """
    first = np.floor((starts - grid.phase) / grid.seconds).astype(np.int64)
    last = np.ceil((ends - grid.phase) / grid.seconds).astype(np.int64)
    new = np.concatenate([[True], first[1:] > last[:-1]])[: len(first)]
    begins = first[new]
    counts = np.maximum.reduceat(last, np.flatnonzero(new)) - begins if len(first) else begins
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.unique(np.repeat(begins, counts) + offsets)


def means(
    grid: Grid,
    steps: NDArray[np.int64],
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    values: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Means of a column over time, NaN where less than half of a step is covered [step].

    Args:
        grid: The steps.
        steps: Their numbers, rising [step].
        starts: Seconds, rising [reading].
        ends: Not after the next start [reading].
        values: NaN covers nothing [reading].
    """
    there = np.isfinite(values)
    if not there.any():
        return np.full(len(steps), np.nan)
    starts, ends, values = starts[there], ends[there], values[there]
    middle, origin = float(np.median(values)), starts[0]  # small numbers keep the digits of the sums
    knots = np.column_stack([starts - origin, ends - origin]).ravel()
    begins = grid.begins(steps) - origin

    def integral(heights: NDArray[np.float64]) -> NDArray[np.float64]:
        areas = np.cumsum(heights * (ends - starts))
        sums = np.column_stack([np.concatenate([[0.0], areas[:-1]]), areas]).ravel()
        made = np.interp(begins + grid.seconds, knots, sums) - np.interp(begins, knots, sums)
        return np.asarray(made)

    covered = integral(np.ones(len(values)))
    enough = covered >= _COVERED * grid.seconds - 1e-6
    found = middle + integral(values - middle) / np.where(enough, covered, 1.0)
    reading = np.maximum(np.searchsorted(starts, grid.begins(steps), side="right") - 1, 0)
    alone = (starts[reading] <= grid.begins(steps)) & (ends[reading] >= grid.begins(steps) + grid.seconds)
    return np.where(alone, values[reading], np.where(enough, found, np.nan))  # what covers a step alone is exact


def fill_gaps(
    steps: NDArray[np.int64], values: NDArray[np.float64], most: int, hold: bool
) -> tuple[NDArray[np.float64], int]:
    """Fills runs of missing steps that are short and lie between two values: on the line between them, or as before.

    Args:
        steps: Numbers, rising [step].
        values: NaN is missing [step].
        most: Steps of the longest run that is filled.
        hold: Whether the value before is kept, as of a set-point.

    Returns:
        Values [step], and how many were filled.
    """
    there = np.flatnonzero(np.isfinite(values))
    if most < 1 or there.size < 2:
        return values, 0
    apart = np.diff(steps[there])
    gaps = np.flatnonzero((np.diff(there) > 1) & (np.diff(there) == apart) & (apart <= most + 1))
    if not gaps.size:
        return values, 0
    counts = np.diff(there)[gaps] - 1
    before = np.repeat(there[gaps], counts)
    place = before + 1 + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    filled = values.copy()
    filled[place] = values[before] if hold else np.interp(steps[place], steps[there], values[there])
    return filled, int(counts.sum())
