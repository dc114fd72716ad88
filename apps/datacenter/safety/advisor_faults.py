"""Advisors that fail: killed, late, talking nonsense, or wanting the worst."""

import os
import signal
import time
from dataclasses import dataclass
from math import nan
from typing import Any

from apps.datacenter.control.advice import Advice, Advisor
from apps.datacenter.plant import Action, Observation
from apps.datacenter.safety.faults import Fault
from apps.datacenter.safety.trial import WorstAdvisor

__all__ = ["FaultyAdvisor"]


@dataclass(frozen=True)
class FaultyAdvisor:
    """An advisor that has a fault of one of `ADVISOR_KINDS`; one that gets killed must be in a process of its own."""

    advisor: Advisor
    fault: Fault
    late_seconds: float = 1.0
    """How long it takes where it is late."""

    @property
    def steers(self) -> frozenset[str]:
        """What the advice sets."""
        return self.advisor.steers

    def advise(self, observation: Observation) -> Advice:
        """The advice, or what the fault makes of it."""
        if not self.fault.is_on(observation.step):
            return self.advisor.advise(observation)
        match self.fault.kind:
            case "advisor-killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "advisor-late":
                time.sleep(self.late_seconds)
            case "advisor-worst":
                return WorstAdvisor(self.steers).advise(observation)
            case _:
                return self._nonsense(observation.step)
        return self.advisor.advise(observation)

    def told(self, action: Action) -> None:
        """Passes it on."""
        self.advisor.told(action)

    def _nonsense(self, step: int) -> Any:
        """Another nonsense each step."""
        action = Action()
        object.__setattr__(action, "supply_air_c", nan)
        every: list[Any] = [
            None,
            "26 degrees",
            Advice(action, 22.0, 24.0, 0.0, 0.0, 0.0, 1.0),
            Advice(Action(supply_air_c=40.0), nan, nan, nan, nan, nan, nan),
            Action(supply_air_c=40.0),
        ]
        return every[step % len(every)]
