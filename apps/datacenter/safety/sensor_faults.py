"""Sensors that fail: a controller behind them sees what they say, and not what is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan

from apps.datacenter.control.layout import Layout
from apps.datacenter.plant import Action, Controller, Observation
from apps.datacenter.safety.faults import Fault
from apps.datacenter.safety.sensors import OUTDOOR

__all__ = ["Corrupted"]

_SPIKE_STEPS = 4


@dataclass
class Corrupted:
    """A controller whose observations have a fault of one of `SENSOR_KINDS`."""

    controller: Controller
    fault: Fault
    layout: Layout
    _good: Observation | None = field(default=None, init=False)
    """The last observation before the fault."""

    @property
    def steers(self) -> frozenset[str]:
        """What the controller steers."""
        return self.controller.steers

    def act(self, observation: Observation) -> Action:
        """Passes on what the sensors say."""
        if not self.fault.is_on(observation.step):
            self._good = Observation(observation.step, observation.time, dict(observation.last).copy)
            return self.controller.act(observation)
        return self.controller.act(self._corrupt(observation))

    def _corrupt(self, observation: Observation) -> Observation:
        kind, last = self.fault.kind, dict(observation.last)
        good = self._good or observation
        if kind == "sensor-stale":
            return good
        if kind == "sensor-silent":
            return Observation(observation.step, observation.time, dict)
        return Observation(observation.step, observation.time, lambda: last | self._changed(observation, good.last))

    def _changed(self, observation: Observation, good: Mapping[str, float]) -> dict[str, float]:
        fault, inlet, last = self.fault, self.layout.inlets[0], observation.last
        age = observation.step - fault.first
        match fault.kind:
            case "sensor-nan":
                return {inlet: nan}
            case "sensor-stuck":
                return {name: good[name] for name in (*self.layout.inlets, *OUTDOOR)}
            case "sensor-drift":
                return {inlet: last[inlet] + fault.size * (age + 1) / fault.steps}
            case "sensor-spike":
                return {inlet: last[inlet] + fault.size} if age % _SPIKE_STEPS == 0 else {}
            case _:  # sensor-offset
                return {name: last[name] + fault.size for name in OUTDOOR}
