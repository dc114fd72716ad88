"""Plays a policy against a demand by the fleet's rules, step by step, and sums up what it cost.

```
step t begins:  boots that are over come on  ->  policy: how many servers it wants, from demand[:t]
                more than are on or booting: order boots, which compute from step t + boot_steps on
                fewer than are on: switch off at once, but none that came on less than `least_on_steps` ago
step t:         demand[t] is met where  servers on * most_use >= demand[t] * servers
```
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from apps.datacenter.servers.fleet import Fleet
from gristmill.errors import InputError

__all__ = ["Outcome", "Policy", "Replay", "replay"]

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


class Policy(Protocol):
    """Decides how many servers shall be on. A policy may keep state: each replay takes a new one."""

    def want(self, seen: Floats, missed: bool) -> int:
        """Servers that are wanted: what more there must be is ordered, what is on beyond them is switched off.

        Args:
            seen: Demand of all steps before [step].
            missed: Whether demand was not met in the step before.
        """


@dataclass(frozen=True)
class Replay:
    """What happened in each step; each field is [step]."""

    fleet: Fleet
    demand: Floats
    """Fractions of what the whole fleet can do."""
    on: Counts
    """Servers that computed."""
    booting: Counts
    started: Counts
    """Servers that began to compute when the step began."""
    stopped: Counts
    """Servers that were switched off when the step began."""

    @property
    def served(self) -> Floats:
        """Work that was done within the fleet's `most_use`, fractions of what the whole fleet can do."""
        return np.minimum(self.demand, self.on * self.fleet.most_use / self.fleet.servers)

    @property
    def unmet(self) -> npt.NDArray[np.bool_]:
        """Whether demand was not met."""
        return np.asarray(_unmet(self.fleet, self.demand, self.on))

    @property
    def power_kw(self) -> Floats:
        """Power of all servers."""
        fleet = self.fleet
        used = (1 - fleet.idle_share) * self.served * fleet.servers
        return fleet.full_power_kw * (fleet.idle_share * self.on + used + self.booting)

    @property
    def outcome(self) -> "Outcome":
        """The replay summed up."""
        fleet, days = self.fleet, len(self.demand) * self.fleet.step_hours / 24
        switches = float(self.started.sum() + self.stopped.sum()) / days
        return Outcome(
            energy_kwh=float(self.power_kw.sum()) * fleet.step_hours,
            wear_kwh=float(self.started.sum()) * fleet.wear_kwh,
            unmet_share=float(self.unmet.mean()),
            unserved_share=float((self.demand - self.served).sum() / max(self.demand.sum(), 1e-12)),
            switches_a_day=switches,
            mean_on=float(self.on.mean()),
        )


@dataclass(frozen=True)
class Outcome:
    """A replay in numbers."""

    energy_kwh: float
    """Energy of all servers, that of boots included."""
    wear_kwh: float
    """What the starts count as, beside the energy."""
    unmet_share: float
    """Share of steps in which demand was not met."""
    unserved_share: float
    """Share of the work that was beyond what the servers on may take."""
    switches_a_day: float
    """Starts and stops of all servers."""
    mean_on: float
    """Servers that computed, mean over time."""

    @property
    def cost_kwh(self) -> float:
        """Energy and wear: what every policy is chosen by."""
        return self.energy_kwh + self.wear_kwh


def replay(fleet: Fleet, demand: Floats, policy: Policy, first: int = 0) -> Replay:
    """Plays a policy from a step on; all servers are on when it begins.

    Args:
        fleet: The servers and their rules.
        demand: Fractions of what the whole fleet can do [step]; steps before `first` are known and not played.
        policy: Is asked once a step.
        first: The first step to play.

    Raises:
        InputError: There is no step to play, or the policy wants a negative number of servers.
    """
    if not 0 <= first < len(demand):
        raise InputError(f"`first` must be a step of the demand, from 0 to {len(demand) - 1}. Received: {first}")
    boot, least = fleet.boot_steps, fleet.least_on_steps
    steps = len(demand) - first
    on_now, booting_now = fleet.servers, 0
    on, booting, stopped = (np.zeros(steps, np.int64) for _ in range(3))
    started = np.zeros(steps + boot, np.int64)
    missed = False
    for step in range(steps):
        on_now += int(started[step])
        booting_now -= int(started[step])
        wanted = min(policy.want(demand[: first + step], missed), fleet.servers)
        if wanted < 0:
            raise InputError(f"a policy must want 0 servers or more. Received: {wanted} at step {first + step}")
        if wanted > on_now + booting_now:
            started[step + boot] = wanted - on_now - booting_now
            booting_now += int(started[step + boot])
        elif wanted < on_now:
            held = int(started[max(0, step - least + 1) : step + 1].sum())
            stopped[step] = min(on_now - wanted, on_now - held)
            on_now -= int(stopped[step])
        on[step], booting[step] = on_now, booting_now
        missed = bool(_unmet(fleet, demand[first + step], on_now))
    return Replay(fleet, np.asarray(demand[first:], np.float64), on, booting, started[:steps], stopped)


def _unmet(fleet: Fleet, demand: npt.ArrayLike, on: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    return np.asarray(demand) * fleet.servers > np.asarray(on) * fleet.most_use + 1e-9
