"""How a plant answers to its set-points: an ensemble of networks beside a linear model, over physical quantities.

The linear model (ridge regression on supply air, return air and the rise of the air over the servers) carries temperatures
where nothing was explored; the networks learn what is left of them, and the powers, each with its noise. Members start from
other weights and see other nine tenths of the rows; how far they are apart tells how sure they are (Lakshminarayanan et al.
2017). The loss is the Gaussian likelihood, weighted so that noisy targets are not given up (beta-NLL, Seitzer et al. 2022).
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import ops

from apps.datacenter.control.psychrometrics import humidity_ratio, relative_humidity, wet_bulb
from apps.datacenter.control.settings import Switches
from apps.datacenter.control.signals import OUTSIDE, Signals

__all__ = ["Dynamics", "fit_dynamics"]

_RIDGE = 1e-3
_NETWORK_SCALE = 0.5
"""Of a target's deviation: what the networks' outputs are multiplied by."""
_LEAST_NOISE = 1e-2
_BETA = 0.5
_EVAPORATIVE, _EXCHANGED = 0.7, 0.7
"""Share of its wet-bulb and of its dry-bulb depression that an indirect evaporative cooler usually takes off."""
_WARMED = 0.35
"""kg K/kJ: by how much the servers warm the air that returns, to their power per flow of one of two units."""


@keras.saving.register_keras_serializable("gristmill.datacenter")
class Members(keras.layers.Layer):
    """A dense layer for each member of an ensemble: [member, row, width] to [member, row, units]."""

    def __init__(self, members: int, units: int, activation: str = "linear", **options: Any) -> None:
        super().__init__(**options)
        self.members, self.units, self.activation = members, units, keras.activations.get(activation)

    def build(self, shape: Sequence[int | None]) -> None:
        """Makes the weights."""
        scaled = keras.initializers.VarianceScaling(1.0, "fan_in", "truncated_normal")
        self.kernel = self.add_weight(shape=(self.members, shape[-1], self.units), initializer=scaled, name="kernel")
        self.bias = self.add_weight(shape=(self.members, 1, self.units), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """Applies each member's layer."""
        return self.activation(ops.matmul(inputs, self.kernel) + self.bias)


@keras.saving.register_keras_serializable("gristmill.datacenter")
class Dynamics(keras.Model):
    """Gives the targets of `Signals` and their noise from its inputs, by each member.

    [row, input] to [member, row, 2 target]: first what is expected, then the deviation around it.
    """

    def __init__(
        self,
        signals: Signals | dict[str, Any],
        members: int,
        units: int,
        switches: Switches | dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if isinstance(signals, dict):
            signals = Signals(**{name: tuple(values) for name, values in signals.items()})
        self.signals, self.members, self.units = signals, members, units
        self.switches = Switches.model_validate(switches or {})
        self.places = {name: place for place, name in enumerate(signals.inputs)}
        probe = np.ones((1, len(signals.inputs)), np.float32)
        quantities, base, targets = self.quantities(probe, np), self.base(probe, np), len(signals.targets)
        self.inner = [Members(members, units, "silu"), Members(members, units, "silu"), Members(members, 2 * targets)]

        def fixed(name: str, *shape: int) -> Any:
            return self.add_weight(shape=shape, initializer="ones", trainable=False, name=name)

        self.mean, self.deviation = fixed("mean", quantities.shape[-1]), fixed("deviation", quantities.shape[-1])
        self.linear, self.shift = fixed("linear", base.shape[-1], targets), fixed("shift", targets)
        self.scale = fixed("scale", targets)
        self.lowest, self.highest = fixed("lowest", len(signals.inputs)), fixed("highest", len(signals.inputs))
        self.margin = fixed("margin", 1)

    def get_config(self) -> dict[str, Any]:
        """What the model is made from."""
        switches = self.switches.model_dump()
        return {"signals": vars(self.signals), "members": self.members, "units": self.units, "switches": switches}

    def build(self, shape: Sequence[int]) -> None:
        """Makes the weights of the networks."""
        del shape
        width = self.mean.shape[0]
        for layer in self.inner:
            layer.build((self.members, None, width))
            width = layer.units

    def call(self, inputs: Any) -> Any:
        """Predicts."""
        seen = ops.expand_dims((self.quantities(inputs, ops) - self.mean) / self.deviation, 0)
        left, noise = self.networks(seen)
        expected = left * self.scale + self.shift + ops.matmul(self.base(inputs, ops), self.linear)
        return ops.concatenate([expected, noise * self.scale], axis=-1)

    def networks(self, hidden: Any) -> tuple[Any, Any]:
        """What the linear model leaves, and its deviation, in units of `scale`, each [member, row, target]."""
        for layer in self.inner:
            hidden = layer(hidden)
        left, noise = ops.split(hidden, 2, axis=-1)
        return left, ops.softplus(noise) + _LEAST_NOISE

    def adapt(self, inputs: npt.NDArray[np.float32], targets: npt.NDArray[np.float32]) -> None:
        """Fits all that is not trained: the linear model, means, deviations and the range that was explored."""
        quantities, base = self.quantities(inputs, np), self.base(inputs, np).astype(np.float64)
        penalty = _RIDGE * len(base) * np.diag(base.var(axis=0) + 1e-9)
        linear = np.linalg.solve(base.T @ base + penalty, base.T @ targets)
        other = self.signals.targets.index("other_kw")
        linear[:, other] = 0.0  # compressors start and stop: nothing linear
        self.mean.assign(quantities.mean(axis=0))
        self.deviation.assign(quantities.std(axis=0) + 1e-6)
        self.linear.assign(linear)
        self.scale.assign(_NETWORK_SCALE * targets.std(axis=0) + 1e-6)
        self.shift.assign(np.eye(len(linear.T))[other] * targets[:, other].mean())
        self.lowest.assign(inputs.min(axis=0))
        self.highest.assign(inputs.max(axis=0))

    def _split(self, inputs: Any, xp: Any) -> tuple[Any, Any, dict[str, Any]]:
        """Zones [row, zone], dew points [row, group], and the others by name, each [row]."""
        zones = xp.stack([inputs[:, self.places[name]] for name in self.signals.zones], axis=-1)
        dew_points = xp.stack([inputs[:, self.places[name]] for name in self.signals.dew_points], axis=-1)
        others = self.signals.inputs[len(self.signals.state) :]
        return zones, dew_points, {name: inputs[:, self.places[name]] for name in others}

    def quantities(self, inputs: Any, xp: Any) -> Any:
        """What the networks see [row, quantity]: heat to take away, moisture, temperatures against the set-points."""
        zones, dew_points, at = self._split(inputs, xp)
        outdoor, dew_point, it = (at[name] for name in OUTSIDE)
        supply, flow = at["supply_air_c"], at["fan_flow_kg_s"]
        forced = at.get("outdoor_air_kg_s", 0.0 * supply)
        back, moisture = xp.mean(zones, axis=-1), humidity_ratio(xp.mean(dew_points, axis=-1), xp)
        outside, rise = humidity_ratio(dew_point, xp), it / flow
        wet = wet_bulb(outdoor, dew_point, xp)
        returned = supply + _WARMED * rise
        above, back_above = xp.maximum(outdoor - supply, 0.0), xp.maximum(back - supply, 0.0)
        found = [
            *(zones[:, place] - back for place in range(len(self.signals.zones))),
            *(back, supply, flow, forced, outdoor, dew_point, outside, moisture, it, rise, returned),
            relative_humidity(outdoor, dew_point, xp),
            *(above, xp.maximum(supply - outdoor, 0.0), flow * above, flow * back_above),
            *(forced * flow * above, (1.0 - forced) * flow * back_above, forced * above, forced * xp.tanh(above)),
            *(wet, xp.maximum(wet - supply, 0.0), xp.maximum(outdoor - 23.0, 0.0), xp.maximum(-outdoor, 0.0)),
            *(forced * flow * (outside - moisture), at["hour_sin"], at["hour_cos"]),
            *(at[name] - at[f"before_{name}"] for name in self.signals.actions),
            xp.maximum(at["before_supply_air_c"] - supply, 0.0) * flow,
            *(load * flow for load in self._left_to_coils(supply, outdoor, wet, returned, forced, xp)),
            *(xp.tanh(outdoor - edge) for edge in self.switches.outdoor_c),
            *(xp.tanh(dew_point - edge) for edge in self.switches.dew_point_c),
            *(xp.tanh(wet - edge) for edge in self.switches.wet_bulb_c),
        ]
        if "chilled_water_c" in at:
            found.append(at["chilled_water_c"])
        return xp.stack(found, axis=-1)

    def _left_to_coils(self, supply: Any, outdoor: Any, wet: Any, returned: Any, forced: Any, xp: Any) -> list[Any]:
        """How much warmer than the supply air the air is that reaches the coils, each [row], K: outdoor air that an
        indirect evaporative cooler has cooled, returned air that it has cooled with and without water, returned air.
        """
        inside = 1.0 - forced
        return [
            forced * xp.maximum(outdoor - _EVAPORATIVE * (outdoor - wet) - supply, 0.0),
            inside * xp.maximum(returned - _EVAPORATIVE * (returned - wet) - supply, 0.0),
            inside * xp.maximum(returned - _EXCHANGED * (returned - outdoor) - supply, 0.0),
            inside * xp.maximum(returned - supply, 0.0),
        ]

    def base(self, inputs: Any, xp: Any) -> Any:
        """What the linear model sees [row, quantity]."""
        zones, dew_points, at = self._split(inputs, xp)
        outdoor, dew_point, it = (at[name] for name in OUTSIDE)
        supply, flow = at["supply_air_c"], at["fan_flow_kg_s"]
        forced = at.get("outdoor_air_kg_s", 0.0 * supply)
        blown = forced * xp.minimum(supply, outdoor) + (1.0 - forced) * supply  # nothing heats the air
        found = [1.0 + 0.0 * supply, blown, supply, it / flow, it, flow, forced * dew_point]
        found += [zones[:, place] for place in range(len(self.signals.zones))]
        found += [dew_points[:, place] for place in range(len(self.signals.dew_points))]
        return xp.stack([*found, forced * xp.mean(dew_points, axis=-1)], axis=-1)


def fit_dynamics(
    inputs: npt.NDArray[np.float32],
    targets: npt.NDArray[np.float32],
    signals: Signals,
    *,
    members: int,
    units: int,
    epochs: int,
    batch: int,
    learning_rate: float,
    switches: Switches,
    seed: int,
    **training: Any,
) -> Dynamics:
    """Fits the dynamics to transitions.

    Args:
        inputs: [row, input].
        targets: [row, target].
        signals: What they are.
        members: Networks.
        units: Width of their two hidden layers.
        epochs: Passes.
        batch: Rows a step, for each member others.
        learning_rate: Peak; a cosine leads it to 0.
        switches: Where the plant's own controls change their ways.
        seed: Of weights and order.
        training: Of `gristmill.training.train`: where to show, log and save.
    """
    from gristmill.training import Group, Step, train

    keras.utils.set_random_seed(seed)
    model = Dynamics(signals, members, units, switches)
    model(inputs[:1])
    model.adapt(inputs, targets)
    left = (targets - model.shift - ops.matmul(model.base(inputs, np), model.linear)) / model.scale
    seen = tf.constant((model.quantities(inputs, np) - model.mean) / model.deviation, tf.float32)
    wanted = tf.constant(left, tf.float32)
    used = int(0.9 * len(inputs))
    batch = min(batch, used)
    steps = used // batch
    rows = np.stack(
        [np.random.default_rng((seed, member)).permutation(len(inputs))[:used] for member in range(members)]
    )

    def loss(chosen: tf.Tensor) -> tf.Tensor:
        left, noise = model.networks(tf.gather(seen, chosen))
        likelihood = tf.square((tf.gather(wanted, chosen) - left) / noise) / 2 + tf.math.log(noise)
        return members * tf.reduce_mean(tf.stop_gradient(noise) ** (2 * _BETA) * likelihood)

    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * steps)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=1e-3)
    step = Step(loss, [Group(optimizer, model.trainable_variables)], jit_compile=True)
    train(step, _batches(rows, batch, seed), epochs=epochs, steps_per_epoch=steps, **training)
    return model


def _batches(rows: npt.NDArray[np.int64], batch: int, seed: int) -> Callable[[int, int], Any]:
    """Gives, for each epoch, the rows of each step, [member, batch]; every member has its own order."""

    def of(epoch: int, start: int) -> Any:
        order = np.random.default_rng((seed, epoch))
        mixed = np.stack([order.permutation(own) for own in rows])
        for place in range(start * batch, mixed.shape[1] - batch + 1, batch):
            yield tf.constant(mixed[:, place : place + batch])

    return of
