"""Model-predictive control: plans at each step from what was measured, and learns how far its expectations are off."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from apps.datacenter.control.advice import Advice
from apps.datacenter.control.forecast import Forecast, Trend
from apps.datacenter.control.policy import Policy
from apps.datacenter.control.signals import hour_angle
from apps.datacenter.plant import Action, Observation

__all__ = ["PredictiveControl"]

_SAME = 0.05
"""How far what was set may be from what was advised, each in its unit, for expectations to be judged by it."""
_DIGITS = 4
_TRUST = 0.3
"""Share of a new error that the bias takes up."""
_FORGET = 0.98
"""What is left, a step later, of the largest error that the bias did not foresee."""


@dataclass
class PredictiveControl:
    """An advisor that plans on a policy's learned dynamics.

    What inlets were measured above what was expected is added to what is expected (an output disturbance, as in offset-free
    model-predictive control: Pannocchia and Rawlings 2003); the largest recent error beyond that widens the margin.
    """

    policy: Policy
    step_minutes: int
    forecast: Forecast = field(default_factory=Trend)
    _before: npt.NDArray[np.float32] | None = field(default=None, init=False)
    _expected: list[npt.NDArray[np.float32]] = field(default_factory=list, init=False)
    _bias: npt.NDArray[np.float32] | None = field(default=None, init=False)
    _surprise: float = field(default=0.0, init=False)
    _margin: float = field(default=0.0, init=False)

    @property
    def steers(self) -> frozenset[str]:
        """What the policy plans, and the set-point of the zones."""
        return frozenset({*self.policy.signals.actions, "zone_cooling_c"})

    def advise(self, observation: Observation) -> Advice:
        """Plans the step that begins."""
        policy, measured = self.policy, observation.last
        signals, config = policy.signals, policy.config
        bias = self._learn(np.array([measured[name] for name in signals.inlets], np.float32))
        times = [observation.time + timedelta(minutes=self.step_minutes * k) for k in range(config.horizon)]
        decision = policy.decide(
            state=signals.of(measured),
            outside=self.forecast.ahead(observation, config.horizon),
            hours=hour_angle([time.hour + time.minute / 60 for time in times]),
            energy=np.array([config.price[time.hour] * self.step_minutes / 60 for time in times], np.float32),
            before=self._middle() if self._before is None else self._before,
            bias=bias,
            surprise=np.array([self._surprise], np.float32),
        )
        self._expected.append(decision["inlets"])
        self._before, self._margin = decision["action"], float(decision["margin"][0])
        return Advice(
            action=self._action(decision["action"]),
            inlet_low_c=float(decision["low"][0]),
            inlet_high_c=float(decision["high"][0]),
            spread_c=float(decision["spread"][0]),
            power_spread=float(decision["power_spread"][0]),
            distance=float(decision["distance"][0]),
            cooling_kw=float(decision["power"][0]),
        )

    def told(self, action: Action) -> None:
        """Goes on from what was really set; what the plant's own control set instead is not known."""
        values = {name: getattr(action, name) for name in self.policy.signals.actions}
        if self._before is None or any(values[name] is None for name in values if name != "outdoor_air_kg_s"):
            self._before, self._expected = None, []
        else:
            forced = values.get("outdoor_air_kg_s") is not None
            set_ = [float(forced) if name == "outdoor_air_kg_s" else value for name, value in values.items()]
            advised, self._before = self._before, np.array(set_, np.float32)
            cut = forced and values["outdoor_air_kg_s"] < values["fan_flow_kg_s"]
            if self._expected and (cut or not np.allclose(advised, self._before, rtol=0, atol=_SAME)):
                self._expected[-1] = np.full_like(
                    self._expected[-1], np.nan
                )  # other set-points were done than expected

    def _learn(self, inlets: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """An inlet that was measured now was expected two decisions ago, as it lags the supply air by a step."""
        bias = np.zeros_like(inlets) if self._bias is None else self._bias
        self._surprise *= _FORGET
        if len(self._expected) >= 2:
            error = np.nan_to_num(inlets - self._expected[-2] - bias)
            self._surprise = max(self._surprise, float(np.abs(error).max()) - self._margin)
            bias = bias + _TRUST * error
        self._expected, self._bias = self._expected[-2:], bias
        return bias

    def _middle(self) -> npt.NDArray[np.float32]:
        """Where planning starts: the middle of each range, outdoor air as the plant's own control takes it."""
        ranges = [getattr(self.policy.config, name, None) for name in self.policy.signals.actions]
        return np.array([(r.low + r.high) / 2 if r else 0.0 for r in ranges], np.float32)

    def _action(self, planned: npt.NDArray[np.float32]) -> Action:
        rounded = [round(float(value), _DIGITS) for value in planned]  # single precision is a little beyond a limit
        values: dict[str, Any] = dict(zip(self.policy.signals.actions, rounded, strict=True))
        if "outdoor_air_kg_s" in values:
            values["outdoor_air_kg_s"] = values["fan_flow_kg_s"] if values["outdoor_air_kg_s"] > 0.5 else None
        return Action(zone_cooling_c=self.policy.config.zone_cooling_c, **values)
