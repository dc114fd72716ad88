"""The planner: keeps on what covers the forecast peak and a headroom that learns from misses."""

import numpy as np
import numpy.typing as npt

from apps.datacenter.servers.fleet import Fleet

__all__ = ["Planner"]

Floats = npt.NDArray[np.float64]


class Planner:
    """Covers the highest of the last forecasts, and a headroom.

    A forecast stays valid for `hold` steps, so that servers are not switched off for a lull of that length. The headroom
    follows the misses, as in adaptive conformal inference (Gibbs and Candès 2021, https://arxiv.org/abs/2106.00170): after
    a step that was not met it rises by `rate`, and it sinks by `rate` times the share of misses that is aimed at in each
    step, so that in the long run that share is missed, however wrong the forecast is.

    Args:
        fleet: The servers and their rules.
        forecast: Quantile of the peak of each step's window, from the demand before the step [step].
        headroom: To begin with, a fraction of what the whole fleet can do.
        hold: Steps.
        rate: Of the headroom's steps.
        aim: Share of steps that may be missed.
    """

    def __init__(self, fleet: Fleet, forecast: Floats, headroom: float, hold: int, rate: float, aim: float) -> None:
        self.headroom = headroom
        self._fleet, self._forecast, self._hold, self._rate, self._aim = fleet, forecast, hold, rate, aim

    def want(self, seen: Floats, missed: bool) -> int:
        """Gives the count that covers the forecasts for the step after `seen` and those before."""
        self.headroom += self._rate * (missed - self._aim)
        step = len(seen)
        peak = self._forecast[max(0, step - self._hold + 1) : step + 1]
        return int(self._fleet.needed(peak[~np.isnan(peak)].max() + self.headroom))

    def again(self) -> "Planner":
        """A new planner with the settings and the headroom of now."""
        return Planner(self._fleet, self._forecast, self.headroom, self._hold, self._rate, self._aim)
