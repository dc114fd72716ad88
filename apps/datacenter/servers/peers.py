"""What the planner is compared with: all on, a fixed count, thresholds of use, and the recent peak with a margin."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.datacenter.servers.fleet import Fleet

__all__ = ["RecentPeak", "Static", "Threshold"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Static:
    """Always the same count; all of the fleet's is "all on"."""

    count: int

    def want(self, seen: Floats, missed: bool) -> int:
        """Gives the count."""
        del seen, missed
        return self.count


@dataclass
class Threshold:
    """Reacts when use leaves a band: resizes the fleet so that the last demand would have used it as aimed at."""

    fleet: Fleet
    aim: float
    """Use after a change."""
    high: float
    """Use above which the fleet grows."""
    low: float
    """Use below which it shrinks, if all of the last `patience` steps were below."""
    patience: int
    """Steps."""

    def __post_init__(self) -> None:
        self._wanted = self.fleet.servers
        self._below = 0

    def want(self, seen: Floats, missed: bool) -> int:
        """Gives the count by the last demand."""
        del missed
        if not len(seen):
            return self._wanted
        work = float(seen[-1]) * self.fleet.servers
        use = work / max(self._wanted, 1)
        self._below = self._below + 1 if use < self.low else 0
        if use > self.high or self._below >= self.patience:
            self._wanted = min(self.fleet.servers, int(np.ceil(work / self.aim)))
            self._below = 0
        return self._wanted


@dataclass(frozen=True)
class RecentPeak:
    """Covers the highest demand of the last steps, and a margin."""

    fleet: Fleet
    window: int
    """Steps."""
    margin: float
    """Of demand, a fraction of what the whole fleet can do."""

    def want(self, seen: Floats, missed: bool) -> int:
        """Gives the count by the recent peak."""
        del missed
        if not len(seen):
            return self.fleet.servers
        return int(self.fleet.needed(seen[-self.window :].max() + self.margin))
