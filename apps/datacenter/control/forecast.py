"""What the next steps bring from outside: weather and the power of computing, in the order of `OUTSIDE`."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from apps.datacenter.control.signals import OUTSIDE
from apps.datacenter.plant import Observation

__all__ = ["Forecast", "Perfect", "Trend"]


class Forecast(Protocol):
    """Gives what comes from outside."""

    def ahead(self, observation: Observation, horizon: int) -> npt.NDArray[np.float32]:
        """Of the step that begins and those after it, [step, 3]; it sees the step before only."""


@dataclass
class Trend:
    """The weather goes on as it went, ever less; computing stays as it is."""

    damping: float = 0.7
    """Of the last step's change, how much each further step repeats."""
    _before: npt.NDArray[np.float32] | None = field(default=None, init=False)

    def ahead(self, observation: Observation, horizon: int) -> npt.NDArray[np.float32]:
        """Goes on from the last two steps."""
        now = np.array([observation.last[name] for name in OUTSIDE], np.float32)
        change = np.zeros_like(now) if self._before is None else now - self._before
        change[OUTSIDE.index("it_power_kw")] = 0.0
        self._before = now
        return now + self.damping * np.arange(1, horizon + 1, dtype=np.float32)[:, None] * change


@dataclass(frozen=True)
class Perfect:
    """What will be, as far as a run's telemetry tells: the bound of what a better forecast can give."""

    values: npt.NDArray[np.float32]
    """[step, 3], of all steps of the run."""

    def ahead(self, observation: Observation, horizon: int) -> npt.NDArray[np.float32]:
        """Looks it up; after the end the last step stays."""
        steps = np.minimum(observation.step + np.arange(horizon), len(self.values) - 1)
        return self.values[steps]
