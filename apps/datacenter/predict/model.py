"""The predictor: networks that foresee the load and, with it, PUE and power; blended with trees, with intervals.

Sources: deep ensembles, Lakshminarayanan et al. 2017, https://arxiv.org/abs/1612.01474; quantile loss, Koenker and
Bassett 1978, https://doi.org/10.2307/1913643.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from apps.datacenter.predict.features import demand_features, feature_names, plant_features, standardised
from apps.datacenter.predict.forest import Forest
from apps.datacenter.predict.layout import Layout
from apps.datacenter.predict.windows import TARGETS

__all__ = ["Networks", "OUTPUTS", "Predictor"]

OUTPUTS = ("pue", "power_kw")
"""Names of the outputs, in the order of `TARGETS`."""
_CLIP = 4.0
"""Deviations at which features are cut off."""
_DEMAND = 5
"""Features of the demand beside the window."""
_register = keras.saving.register_keras_serializable(package="gristmill.datacenter")


@_register
class Networks(keras.layers.Layer):
    """Several residual networks side by side.

    Args:
        groups: How many of which kinds, the first sizes of all weights.
        inputs: Features.
        width: Of the hidden layers.
        depth: Hidden layers.
        outputs: Numbers each.
        dropout: Share dropped before each layer but the first.
    """

    def __init__(
        self, groups: Sequence[int], inputs: int, width: int, depth: int, outputs: int, dropout: float, **options: Any
    ) -> None:
        super().__init__(**options)
        self.sizes = {"groups": list(groups), "inputs": inputs, "width": width, "depth": depth, "outputs": outputs}
        self.drop = keras.layers.Dropout(dropout)
        sizes = [inputs, *[width] * depth, outputs]
        self.kernels, self.biases = [], []
        for number, (before, after) in enumerate(pairwise(sizes)):
            gain = 1.0 if number == 0 else 2.0**0.5 if number < depth else 0.01
            start = keras.initializers.RandomNormal(stddev=gain / before**0.5)
            shape = (*groups, before, after)
            self.kernels.append(self.add_weight(shape=shape, initializer=start, name=f"kernel_{number}"))
            self.biases.append(self.add_weight(shape=(*groups, 1, after), initializer="zeros", name=f"bias_{number}"))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """`[*groups, batch, input]`, where a group may be 1 for all, to `[*groups, batch, output]`."""
        hidden = ops.matmul(inputs, self.kernels[0]) + self.biases[0]
        for kernel, bias in zip(self.kernels[1:-1], self.biases[1:-1], strict=True):
            hidden = self.drop(ops.gelu(hidden, approximate=True), training=training)
            hidden = hidden + ops.matmul(hidden, kernel) + bias
        hidden = self.drop(ops.gelu(hidden, approximate=True), training=training)
        return ops.matmul(hidden, self.kernels[-1]) + self.biases[-1]

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return super().get_config() | self.sizes | {"dropout": self.drop.rate}


@_register
class Predictor(keras.Model):
    """Windows in, PUE and power with their intervals out.

    Both are predicted as changes against a base: the mean and, from it, a share of the last value's distance, the share
    fitted by lead. Total power follows the load that is to come, which depends on nothing but its own past, so that
    networks of their own foresee it and hand it on. The features from which trees gained little are made small for the
    networks, which would else find chance in them.

    Args:
        layout: See `Layout.to_json`.
        forests: Arguments of the `Forest` of each lead and target, leads first; none leaves trees out.
        members: Networks of each kind.
        width: Of their hidden layers.
        demand_width: The same of those that foresee the load.
        depth: Hidden layers.
        dropout: Share dropped in them.
    """

    def __init__(
        self,
        layout: Mapping[str, Any],
        forests: Sequence[Mapping[str, int]],
        members: int,
        width: int,
        demand_width: int,
        depth: int,
        dropout: float,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.layout = Layout.of(dict(layout))
        self.arguments = {
            "layout": self.layout.to_json(),
            "forests": [dict(sizes) for sizes in forests],
            "members": members,
            "width": width,
            "demand_width": demand_width,
            "depth": depth,
            "dropout": dropout,
        }
        leads, inputs = len(self.layout.leads), len(feature_names(self.layout))
        self.forests = [Forest(**sizes) for sizes in forests]
        self.demand = Networks((members,), self.layout.window + _DEMAND, demand_width, depth, leads, 0.0)
        self.plant = Networks((leads, members), inputs + 1, width, depth, 3 * len(TARGETS), dropout)
        self.centre = self._constant("centre", leads, inputs)
        self.spread = self._constant("spread", leads, inputs, value="ones")
        self.notice = self._constant("notice", leads, inputs, value="ones")
        self.mean = self._constant("mean", leads, len(TARGETS))
        self.share = self._constant("share", leads, len(TARGETS))
        self.scale = self._constant("scale", leads, len(TARGETS), value="ones")
        self.form = self._constant("form", leads, len(TARGETS))
        self.blend = self._constant("blend", leads, len(TARGETS))
        self.margin = self._constant("margin", leads, len(TARGETS))
        self.built = True

    def _constant(self, name: str, *shape: int, value: str = "zeros") -> Any:
        return self.add_weight(shape=shape, initializer=value, trainable=False, name=name)

    def raw_features(self, inputs: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """Features of the plant `[batch, lead, feature]` and of the demand, and the last PUE and power `[batch, target]`.

        Args:
            inputs: See `Windows.inputs`.
        """
        layout = self.layout
        values, missing = standardised(layout, inputs["past"])
        plant = plant_features(layout, values, missing, inputs.get("planned"), inputs["calendar"])
        places = [layout.sensors.index(name) for name in TARGETS]
        last = [values[:, -1, place] * layout.deviation[place] + layout.mean[place] for place in places]
        return plant, demand_features(layout, values, inputs["calendar"]), tf.stack(last, axis=1)

    def features(self, inputs: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """As `raw_features`, those of the plant with mean 0 and deviation 1."""
        plant, demand, last = self.raw_features(inputs)
        plant = ops.clip((plant - self.centre) / self.spread, -_CLIP, _CLIP)
        return plant, demand, last

    def base(self, last: Any) -> Any:
        """What is predicted without a model, `[batch, lead, target]`."""
        return self.mean + self.share * (last[:, None] - self.mean)

    def networks(self, plant: Any, demand: Any, training: bool = False) -> tuple[Any, Any]:
        """Changes against the base by each member, in units of `scale`.

        Returns:
            Low, middle and high quantile, each `[lead, member, batch, target]`, stacked last; and the change of IT power
            in its deviations, `[lead, member, batch, 1]`.
        """
        load = self.demand(demand, training=training)  # [member, batch, lead]
        load = ops.expand_dims(ops.transpose(load, (2, 0, 1)), 3)
        seen = ops.expand_dims(ops.transpose(plant * self.notice, (1, 0, 2)), 1)  # [lead, 1, batch, feature]
        seen = ops.concatenate([ops.repeat(seen, self.arguments["members"], axis=1), ops.stop_gradient(load)], axis=3)
        low, middle, high = ops.split(self.plant(seen, training=training), 3, axis=3)
        return ops.stack([middle - ops.softplus(low), middle, middle + ops.softplus(high)], axis=4), load

    def call(self, inputs: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """Predicts.

        Args:
            inputs: See `Windows.inputs`.
            training: Whether to drop.

        Returns:
            `pue` and `power_kw`, each `[batch, lead, 3]`: low, middle and high.
        """
        plant, demand, last = self.features(inputs)
        changes = ops.mean(self.networks(plant, demand, training)[0], axis=1)  # [lead, batch, target, 3]
        changes = ops.transpose(changes, (1, 0, 2, 3))
        middle = changes[..., 1]
        if self.forests:
            middle = self.blend * middle + (1.0 - self.blend) * self.trees(plant, last)
        low = middle - (changes[..., 1] - changes[..., 0]) - self.margin
        high = middle + (changes[..., 2] - changes[..., 1]) + self.margin
        base = self.base(last)
        ends = [ops.minimum(low, middle), middle, ops.maximum(high, middle)]
        made = ops.stack([base + self.scale * end for end in ends], axis=3)
        return {name: made[:, :, place] for place, name in enumerate(OUTPUTS)}

    def trees(self, plant: Any, last: Any) -> Any:
        """Changes against the base by the trees, in units of `scale`, `[batch, lead, target]`.

        Where `form` is 1 they were grown for the distance from the mean.
        """
        found = [forest(plant[:, number // len(TARGETS)]) for number, forest in enumerate(self.forests)]
        changes = ops.reshape(ops.stack(found, axis=1), (-1, len(self.layout.leads), len(TARGETS)))
        return changes - self.form * (self.base(last) - self.mean) / self.scale

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return super().get_config() | self.arguments
