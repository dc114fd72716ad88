"""Controllers: what an operator's program sees of the plant at a step, what it may set, and the two simplest programs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from numbers import Real
from typing import Protocol

from gristmill.errors import InputError

__all__ = ["ACTIONS", "Action", "Constant", "Controller", "Default", "Observation", "Replay"]

ACTIONS = {
    "zone_cooling_c": ("degC", 10.0, 45.0),
    "supply_air_c": ("degC", 5.0, 40.0),
    "chilled_water_c": ("degC", 4.0, 25.0),
    "fan_flow_kg_s": ("kg/s", 0.0, 1000.0),
    "outdoor_air_kg_s": ("kg/s", 0.0, 1000.0),
}
"""Unit, lowest and highest value of each field of `Action`."""


@dataclass
class Observation:
    """What is known when a step begins: its time, and what was measured over the step before."""

    step: int
    """Number of the step that begins, from 0."""
    time: datetime
    """When it begins, local standard time."""
    measure: Callable[[], Mapping[str, float]]
    """Gives `last`: most controllers look at little of it, or at nothing."""

    @cached_property
    def last(self) -> Mapping[str, float]:
        """The numbers of the step before, by telemetry column; before step 0 those of the last warm-up step."""
        return self.measure()


@dataclass(frozen=True)
class Action:
    """Set-points for one step; None leaves the model's own. The flows are each air unit's own, and the unit's size caps
    them: outdoor air is never more than the fan's flow.
    """

    zone_cooling_c: float | None = None
    """Temperature above which the zones with servers are cooled, degrees Celsius."""
    supply_air_c: float | None = None
    """Temperature of the air that the units blow out, degrees Celsius."""
    chilled_water_c: float | None = None
    """Temperature of the water that the chiller gives, degrees Celsius."""
    fan_flow_kg_s: float | None = None
    """Air that each unit's fan moves, kg/s."""
    outdoor_air_kg_s: float | None = None
    """Outdoor air that each unit takes in, kg/s."""

    def __post_init__(self) -> None:
        for name, (unit, low, high) in ACTIONS.items():
            value = getattr(self, name)
            if value is not None and not (isinstance(value, Real) and low <= float(value) <= high):
                raise InputError(f"`{name}` must be from {low} to {high} {unit}. Received: {value!r}")


class Controller(Protocol):
    """A program that steers a plant; it runs in the plant's process, so it must be importable and picklable."""

    @property
    def steers(self) -> frozenset[str]:
        """The fields of `Action` that it sets; the others stay the model's own for the whole run."""

    def act(self, observation: Observation) -> Action:
        """Decides the set-points of the step that begins."""


_NOTHING = Action()


@dataclass(frozen=True)
class Default:
    """Leaves everything to the model's own controls."""

    @property
    def steers(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def act(self, observation: Observation) -> Action:
        """Sets nothing."""
        del observation
        return _NOTHING


@dataclass(frozen=True)
class Constant:
    """The same set-points at every step."""

    action: Action

    @property
    def steers(self) -> frozenset[str]:
        """What the action sets."""
        return _set(self.action)

    def act(self, observation: Observation) -> Action:
        """Gives the action."""
        del observation
        return self.action


@dataclass(frozen=True)
class Replay:
    """A given action for each step, from the beginning again when they are over."""

    actions: tuple[Action, ...]

    @property
    def steers(self) -> frozenset[str]:
        """What any of the actions sets."""
        return frozenset().union(*map(_set, self.actions))

    def act(self, observation: Observation) -> Action:
        """Gives the step's action."""
        return self.actions[observation.step % len(self.actions)]


def _set(action: Action) -> frozenset[str]:
    return frozenset(name for name in ACTIONS if getattr(action, name) is not None)
