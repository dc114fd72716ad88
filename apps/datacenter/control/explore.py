"""Safe exploration: varies the set-points at random, within what the inlets that were measured leave room for."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from apps.datacenter.control.settings import ControlConfig, Range
from apps.datacenter.plant import Action, Observation
from apps.datacenter.plant.summary import Limits

__all__ = ["Explore"]

_LONGEST = 3
"""Steps that a draw is held, at most."""
_ROOM_C = 0.9
"""Distance from the limits that expected inlets keep: a change of load or flow takes some of it."""
_USUAL_C = 1.5
"""How much warmer inlets are than the supply air, before it was measured."""
_FORGET = 0.9
"""What is left, a step later, of how much warmer they were."""


@dataclass
class Explore:
    """Draws supply air, flow, outdoor air and chilled water anew every one to three steps.

    The supply air is at most so warm that the warmest inlet keeps its limit, by how much warmer than the supply air inlets
    lately were; outdoor air is forced only where it is not too cold. Half of the jumps take the flow from its lowest
    quarter, and four in ten the supply air from near the outdoor temperature, where the plant changes its ways.
    """

    water: bool = False
    """Whether the plant has chilled water to steer."""
    outdoor: bool = True
    """Whether it takes in outdoor air."""
    seed: int = 0
    config: ControlConfig = field(default_factory=ControlConfig)
    limits: Limits = field(default_factory=Limits)
    _left: int = field(default=0, init=False)
    _now: Action = field(default=Action(), init=False)
    _supplies: list[float] = field(default_factory=list, init=False)
    _warmer: float = field(default=_USUAL_C, init=False)

    @property
    def steers(self) -> frozenset[str]:
        """What is varied, and the set-point of the zones."""
        optional = {"chilled_water_c"} if self.water else set()
        return frozenset({"zone_cooling_c", "supply_air_c", "fan_flow_kg_s", *optional} | self._outdoor)

    @property
    def _outdoor(self) -> set[str]:
        return {"outdoor_air_kg_s"} if self.outdoor else set()

    @cached_property
    def _random(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)

    def act(self, observation: Observation) -> Action:
        """Draws, holds, or draws again where the air leaves no room."""
        inlets = [value for name, value in observation.last.items() if name.endswith("_inlet_c")]
        outdoor = observation.last["outdoor_c"]
        if len(self._supplies) >= 2:  # inlets lag the supply air
            self._warmer = max(max(inlets) - self._supplies[-2], self._warmer * _FORGET)
        near = max(inlets) > self.limits.inlet_c[1] - 0.3 or min(inlets) < self.limits.inlet_c[0] + 0.3
        cold = self._now.outdoor_air_kg_s is not None and outdoor < self.config.outdoor_low_c
        if self._left <= 0 or near or cold:
            self._now = self._draw(outdoor)
            self._left = int(self._random.integers(1, _LONGEST + 1))
        self._left -= 1
        self._supplies.append(self._now.supply_air_c or 0.0)
        return self._now

    def _draw(self, outdoor: float) -> Action:
        """Half of the draws are such small changes as planning makes, half jump anywhere."""
        random, config, now = self._random, self.config, self._now
        supply, flow, water = config.supply_air_c, config.fan_flow_kg_s, config.chilled_water_c
        warmest = max(supply.low, min(supply.high, self.limits.inlet_c[1] - _ROOM_C - self._warmer + 0.5))
        if random.random() < 0.5:
            wanted = self._near(now.supply_air_c, supply)
            moved = self._near(now.fan_flow_kg_s, flow)
        else:
            near = random.random() < 0.4
            wanted = outdoor + random.uniform(-4.0, 4.0) if near else random.uniform(supply.low, warmest)
            share = random.random() * (0.25 if random.random() < 0.5 else 1.0)
            moved = flow.low + share * (flow.high - flow.low)
        forced = self.outdoor and outdoor > config.outdoor_low_c and random.random() < 0.55
        return Action(
            zone_cooling_c=config.zone_cooling_c,
            supply_air_c=float(np.clip(wanted, supply.low, warmest)),
            fan_flow_kg_s=moved,
            outdoor_air_kg_s=1000.0 if forced else None,
            chilled_water_c=self._near(now.chilled_water_c, water) if self.water else None,
        )

    def _near(self, now: float | None, allowed: Range) -> float:
        """One of the changes that planning tries; the middle where nothing was set yet."""
        before = (allowed.low + allowed.high) / 2 if now is None else now
        return float(np.clip(before + self._random.choice(allowed.tries) * allowed.rate, allowed.low, allowed.high))
