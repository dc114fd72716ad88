"""What a program that knows the plant advises, with what is needed to decide whether to act on it."""

from dataclasses import dataclass
from typing import Protocol

from apps.datacenter.plant import Action, Observation

__all__ = ["Advice", "Advisor"]


@dataclass(frozen=True)
class Advice:
    """Set-points for the step that begins, and what they are expected to do."""

    action: Action
    inlet_low_c: float
    """Lowest temperature expected at any server's inlet over the horizon, degrees Celsius."""
    inlet_high_c: float
    """Highest one."""
    spread_c: float
    """Deviation between the members of the ensemble of what they expect of the inlets, degrees Celsius; the largest."""
    power_spread: float
    """Deviation between the members of the cooling power, a share of it."""
    distance: float
    """How far the situation is from all that the model was fitted on: 0 within, 1 where it is as far beyond its range
    as the range is wide.
    """
    cooling_kw: float
    """Cooling power expected in this step."""


class Advisor(Protocol):
    """A program that advises; it may fail, be late or be wrong, so what it says is checked before it is done."""

    @property
    def steers(self) -> frozenset[str]:
        """The fields of `Action` that its advice sets."""

    def advise(self, observation: Observation) -> Advice:
        """Gives the advice for the step that begins."""

    def told(self, action: Action) -> None:
        """Learns what was really set in this step, which may differ from its advice."""
