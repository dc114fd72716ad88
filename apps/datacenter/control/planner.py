"""Planning as one graph: tries changes of the set-points on the learned dynamics, takes the cheapest that keeps the limits.

Every combination of the tried changes is held over the horizon and rolled out, all at once. The limits of the inlets are kept
by the ensemble's mean with its doubt; a breach costs more than any energy, so that where no plan keeps all limits the least
breach is taken. The graph has operations of LiteRT only, so the same planning runs on a device.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import tensorflow as tf

from apps.datacenter.control.dynamics import Dynamics
from apps.datacenter.control.psychrometrics import relative_humidity
from apps.datacenter.control.settings import ControlConfig
from apps.datacenter.control.signals import OUTSIDE
from apps.datacenter.plant.summary import Limits

__all__ = ["FORCED", "Planner"]

FORCED = "outdoor_air_kg_s"
"""The action that is planned as a switch."""
_BREACH_KWH = 100.0
"""What a degree beyond a limit is counted as."""


class Planner:
    """Decides the set-points of a step.

    Args:
        dynamics: The learned dynamics.
        config: What may be done.
        limits: What the air at the inlets must keep.

    Attributes:
        low: Lowest value of each planned action [action].
        high: Highest value [action].
    """

    def __init__(self, dynamics: Dynamics, config: ControlConfig, limits: Limits | None = None) -> None:
        self.dynamics, self.config, self.limits = dynamics, config, limits or Limits()
        self.names = dynamics.signals.actions
        switch = np.array([name == FORCED for name in self.names])
        ranges = [None if name == FORCED else getattr(config, name) for name in self.names]
        tried = [[0.0, 1.0] if r is None else [share * r.rate for share in r.tries] for r in ranges]
        self.low = np.array([r.low if r else 0.0 for r in ranges], np.float32)
        self.high = np.array([r.high if r else 1.0 for r in ranges], np.float32)
        self._changes = np.array(list(product(*tried)), np.float32)  # [plan, action]
        self._kept = np.where(switch, 0.0, 1.0).astype(np.float32)  # a switch is set, others are changed

    @property
    def inputs(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Shapes and dtypes of what `decide` takes."""
        signals, horizon = self.dynamics.signals, self.config.horizon
        shapes = {
            "state": (len(signals.state),),
            "outside": (horizon, len(OUTSIDE)),
            "hours": (horizon, 2),
            "energy": (horizon,),
            "before": (len(self.names),),
            "bias": (len(signals.inlets),),
            "surprise": (1,),
        }
        return {name: (shape, "float32") for name, shape in shapes.items()}

    def decide(
        self, state: Any, outside: Any, hours: Any, energy: Any, before: Any, bias: Any, surprise: Any
    ) -> Mapping[str, Any]:
        """Plans.

        Args:
            state: Zones and dew points as last measured [state], degC.
            outside: What is forecast of `OUTSIDE` in each step of the horizon [step, 3].
            hours: Sine and cosine of the hour of each step [step, 2].
            energy: Hours of each step times the weight of its energy [step].
            before: The set-points in force [action].
            bias: What inlets were measured above what was expected [inlet], K.
            surprise: Distance to keep from the limits of the inlets beyond the usual margin [1], K.

        Returns:
            action [action]; inlets expected after the step, without the bias [inlet]; low and high, the lowest and highest
            inlet expected over the horizon [1]; spread of the inlets, K, and of the power, a share [1]; distance from what
            was explored [1]; power of cooling in the step, kW [1]; margin, the usual distance from the limits, K [1].
        """
        signals, limits, config = self.dynamics.signals, self.limits, self.config
        zones, inlets = len(signals.zones), len(signals.inlets)
        plans = tf.clip_by_value(before * self._kept + self._changes, self.low, self.high)
        count, usual = len(self._changes), self.dynamics.margin + config.margin_c
        margin = usual + surprise
        values = tf.tile(state[None], [count, 1])
        moved = tf.cast(tf.abs(plans - before) > 1e-4, tf.float32)
        supply = self.names.index("supply_air_c")
        cost = config.move_weight * tf.reduce_sum(moved, 1)
        cost += config.cold_weight * config.horizon * (self.high[supply] - plans[:, supply])
        seen: list[Any] = []
        held = tf.tile(before[None], [count, 1])
        for step in range(config.horizon):
            around = tf.tile(tf.concat([outside[step], hours[step]], 0)[None], [count, 1])
            members, noise = tf.split(self.dynamics(tf.concat([values, around, held, plans], 1), training=False), 2, -1)
            mean = tf.reduce_mean(members, 0)
            spread = tf.sqrt(tf.reduce_mean(tf.square(members - mean), 0) + 1e-12)
            noise = tf.sqrt(tf.reduce_mean(tf.square(noise), 0))
            warm = mean[:, zones : zones + inlets]
            apart = spread[:, zones : zones + inlets]
            expected, doubt = warm + bias, tf.sqrt(tf.square(apart) + tf.square(noise[:, zones : zones + inlets]))
            dew = mean[:, zones + inlets : zones + 2 * inlets]
            other = tf.maximum(mean[:, -2], 0.0)
            gained = tf.nn.relu(expected - plans[:, supply : supply + 1])
            room = tf.maximum(config.doubt * doubt + margin, (config.growth - 1.0) * gained + config.margin_c)
            breach = tf.reduce_max(
                tf.nn.relu(expected + room - limits.inlet_c[1])
                + tf.nn.relu(limits.inlet_c[0] - expected + config.doubt * doubt + margin),
                1,
            ) + 0.2 * tf.nn.relu(tf.reduce_max(mean[:, :zones], 1) - config.zone_high_c)
            humidity = tf.reduce_max(self._humid(expected, dew), 1)
            power = other + mean[:, -1]
            cost += (power + config.power_doubt * spread[:, -2]) * energy[step]
            cost += _BREACH_KWH * breach + config.humidity_weight * humidity
            if FORCED in self.names:
                cold = tf.nn.relu(config.outdoor_low_c - outside[step, 0])
                cost += 10.0 * _BREACH_KWH * cold * plans[:, self.names.index(FORCED)]
            seen.append((warm, tf.reduce_min(expected, 1), tf.reduce_max(expected, 1), apart, power, spread[:, -2]))
            values, held = tf.concat([mean[:, :zones], dew], 1), plans
        best = tf.argmin(cost, output_type=tf.int32)

        def chosen(place: int) -> Any:
            return tf.stack([tf.gather(step[place], best) for step in seen])

        power = chosen(4)
        return {
            "action": tf.gather(plans, best),
            "inlets": chosen(0)[0],
            "low": tf.reduce_min(chosen(1))[None],
            "high": tf.reduce_max(chosen(2))[None],
            "spread": tf.reduce_max(chosen(3))[None],
            "power_spread": tf.reduce_max(chosen(5) / (power + 1.0))[None],
            "distance": self._distance(state, outside)[None],
            "power": power[:1],
            "margin": tf.identity(usual),
        }

    def _humid(self, inlets: Any, dew_points: Any) -> Any:
        """1 where humidity breaks a limit, else 0."""
        low, high = self.limits.dew_point_c
        humid = relative_humidity(inlets, dew_points, tf) > self.limits.humidity_percent
        return tf.cast((dew_points < low) | (dew_points > high) | humid, tf.float32)

    def _distance(self, state: Any, outside: Any) -> Any:
        """How far state and forecast are beyond what was explored: temperatures in widths of their range, the power of
        computing, on a ratio scale, as a share of its range's end.
        """
        size = len(self.dynamics.signals.state) + len(OUTSIDE)
        low, high = self.dynamics.lowest[:size], self.dynamics.highest[:size]
        at = tf.concat([state, outside[0]], 0)
        beyond = tf.nn.relu(tf.maximum(low - at, at - high))
        power = np.arange(size) == size - len(OUTSIDE) + OUTSIDE.index("it_power_kw")
        return tf.reduce_max(beyond / (tf.where(power, high, high - low) + 1e-6))
