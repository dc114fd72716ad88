"""Advisors to try a guard with: one that is sensible, and one that wants the worst and claims to be certain."""

from dataclasses import dataclass

from apps.datacenter.control.advice import Advice
from apps.datacenter.control.layout import Layout, finite
from apps.datacenter.control.rules import Reactive
from apps.datacenter.plant import Action, Observation, PlantOptions

__all__ = ["RuleAdvisor", "WorstAdvisor", "rule_advisor", "worst_advisor"]


@dataclass(frozen=True)
class RuleAdvisor:
    """Advises what rules would do, and expects inlets to stay where they are or go where the rules bring them."""

    rules: Reactive

    @property
    def steers(self) -> frozenset[str]:
        """What the rules set."""
        return self.rules.steers

    def advise(self, observation: Observation) -> Advice:
        """The rules' action."""
        inlets = finite(observation.last, self.rules.layout.inlets)
        low, high = min(inlets), max(min(max(inlets), 26.8), self.rules.settings.inlet_c)
        return Advice(self.rules.act(observation), low, high, 0.1, 0.05, 0.0, observation.last["cooling_power_kw"])

    def told(self, action: Action) -> None:
        """Rules have no memory."""


_HOT = {"zone_cooling_c": 45.0, "supply_air_c": 40.0, "chilled_water_c": 25.0, "fan_flow_kg_s": 0.0}
_COLD = {"zone_cooling_c": 21.0, "supply_air_c": 5.0, "chilled_water_c": 4.0, "fan_flow_kg_s": 1000.0}


@dataclass(frozen=True)
class WorstAdvisor:
    """Advises the hottest that can be set, then the coldest, with all outdoor air or none, and never doubts."""

    steers: frozenset[str]
    turn_steps: int = 8
    """Steps after which it turns."""

    def advise(self, observation: Observation) -> Advice:
        """The worst set-points of this turn."""
        turn = observation.step // self.turn_steps
        worst = (_COLD if turn % 2 else _HOT) | {"outdoor_air_kg_s": 1000.0 * (turn // 2 % 2)}
        action = Action(**{name: value for name, value in worst.items() if name in self.steers})
        return Advice(action, 22.0, 24.0, 0.0, 0.0, 0.0, 1.0)

    def told(self, action: Action) -> None:
        """It does not listen."""


def rule_advisor(options: PlantOptions, layout: Layout) -> RuleAdvisor:
    """Makes the sensible one for a plant."""
    del options
    return RuleAdvisor(Reactive(layout))


def worst_advisor(options: PlantOptions, layout: Layout) -> WorstAdvisor:
    """Makes the one that wants the worst."""
    del options
    return WorstAdvisor(layout.steers)
