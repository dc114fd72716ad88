"""Moves set-points: within limits, no faster than their rates, and back to the plant's own control without a jump.

```
local control    set-point in force as measured -> ... -> what is wanted
what was set -> ... -> what local control had when it was last in force -> local control (None)
```
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.datacenter.control.layout import Layout
from apps.datacenter.plant import ACTIONS, Action
from apps.datacenter.safety.settings import Ranges

__all__ = ["Ramp"]


@dataclass
class Ramp:
    """What was set last, and what local control had."""

    layout: Layout
    rates: Ranges
    set: dict[str, float | None] = field(default_factory=lambda: dict.fromkeys(ACTIONS), init=False)
    """What is in force, by field; None where the plant's own control is."""
    local: dict[str, float] = field(default_factory=dict, init=False)
    """Set-points of local control when it was last in force, as measured."""

    def learn(self, last: Mapping[str, float]) -> None:
        """Learns what local control has, of the fields that it steered in the last step."""
        for name in self.layout.steers:
            value = self.layout.in_force(name, last)
            if self.set[name] is None and value is not None:
                self.local[name] = value

    def move(self, wanted: Action, limits: list[tuple[str, Ranges]], at_once: bool = False) -> tuple[Action, list[str]]:
        """Moves towards what is wanted.

        Args:
            wanted: The aim; None hands a field back to local control. Outdoor air is handed back at once, as the
                plant's own mixing holds the supply air's temperature.
            limits: Lowest and highest values by field, each with whose limits they are; all are kept.
            at_once: Whether rates do not count.

        Returns:
            What to set, and in words what was cut.
        """
        cuts: list[str] = []
        for name in sorted(self.layout.steers):
            aim = getattr(wanted, name)
            for whose, ranges in limits if aim is not None else ():
                low, high = ranges.get(name, ACTIONS[name][1:])
                if name == "outdoor_air_kg_s" and high <= 0.0:
                    cuts.append(f"`{name}` left to local control by {whose}")
                    aim = None
                    break
                inside = min(max(aim, low), high)
                if inside != aim:
                    cuts.append(f"`{name}` cut from {aim:.2f} to {inside:.2f} by {whose}")
                aim = inside
            moved = self._moved(name, aim, at_once)
            if aim is not None and moved != aim:
                cuts.append(f"`{name}` moved to {moved:.2f} on its way to {aim:.2f}")
            self.set[name] = moved
        return Action(**self.set), cuts

    def _moved(self, name: str, aim: float | None, at_once: bool) -> float | None:
        now, local = self.set[name], self.local.get(name)
        if aim is None:
            if now is None or local is None or now == local or name == "outdoor_air_kg_s" or at_once:
                return None
            return self._towards(name, now, local)
        start = local if now is None else now
        return aim if start is None or at_once else self._towards(name, start, aim)

    def _towards(self, name: str, start: float, aim: float) -> float:
        falls, rises = self.rates[name]
        return min(max(aim, start - falls), start + rises)
