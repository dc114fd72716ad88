"""A fleet of equal servers: what it draws, how long a boot takes, what a switch costs, and when demand is met."""

import math

import numpy as np
import numpy.typing as npt
from pydantic import Field

from gristmill.config import CheckedRecord

__all__ = ["Fleet"]


class Fleet(CheckedRecord):
    """Equal servers, of which each is on, booting or off.

    A server that is on draws the plant's `flat` law: `idle_share` of full power, and the rest by its use. One that boots
    draws full power and computes nothing; one that is off draws nothing. A wrong value raises `InputError`.
    """

    servers: int = Field(1000, ge=1)
    full_power_w: float = Field(400.0, gt=0)
    """Power of one server in full use, watts."""
    idle_share: float = Field(0.3, ge=0, lt=1)
    """Power of an idle server, a share of full power."""
    most_use: float = Field(0.8, gt=0, le=1)
    """Use of a server, a share of what it can do, beyond which demand counts as not met. Demand is a mean over a step and
    over all servers: what is left takes the peaks within the step, the unevenness between servers, and the waiting, which
    grows without bounds towards full use."""
    step_minutes: int = Field(5, ge=1)
    """Length of a step: decisions are taken when one begins."""
    boot_minutes: int = Field(5, ge=1)
    """From the order to the first work; rounded up to whole steps."""
    least_on_minutes: int = Field(30, ge=0)
    """How long a server that came on stays on; rounded up to whole steps."""
    wear_idle_hours: float = Field(1.0, ge=0)
    """What wear a start costs, as the energy of an idle server over so many hours. The literature sets a start's whole cost
    at about an hour of running (Lin et al. 2011, https://doi.org/10.1109/INFCOM.2011.5934885)."""

    @property
    def boot_steps(self) -> int:
        """Steps that a boot takes."""
        return math.ceil(self.boot_minutes / self.step_minutes)

    @property
    def least_on_steps(self) -> int:
        """Steps that a server stays on for, 1 or more."""
        return max(1, math.ceil(self.least_on_minutes / self.step_minutes))

    @property
    def step_hours(self) -> float:
        """Hours of a step."""
        return self.step_minutes / 60

    @property
    def full_power_kw(self) -> float:
        """Power of one server in full use, kW."""
        return self.full_power_w / 1000

    @property
    def wear_kwh(self) -> float:
        """What the wear of one start counts as, kWh."""
        return self.wear_idle_hours * self.idle_share * self.full_power_kw

    def needed(self, demand: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Servers that must be on for demand to be met, at most all of them.

        Args:
            demand: Fractions of what the whole fleet can do, of any shape.
        """
        exact = np.asarray(demand, np.float64) * self.servers / self.most_use
        return np.clip(np.ceil(exact - 1e-9), 0, self.servers).astype(np.int64)
