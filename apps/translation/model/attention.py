"""Multi-head attention whose keys and values can be kept, with a learned bias for each distance.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; the biases are those of Raffel et al. 2020,
https://arxiv.org/abs/1910.10683, one for each distance and side.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from gristmill.lite import round_to_int8

__all__ = ["Attention", "DistanceBias", "sinusoids", "through"]

_register = keras.saving.register_keras_serializable(package="gristmill.translation")


@_register
class Attention(keras.layers.Layer):
    """Attention of queries over keys and values, `[batch, heads, time, width / heads]` each.

    Args:
        width: Of states in and out.
        heads: Attention heads; they divide the width.
    """

    def __init__(self, width: int, heads: int, **options: Any) -> None:
        super().__init__(**options)
        self.width, self.heads, self.size = width, heads, width // heads
        small = keras.initializers.VarianceScaling(0.5, "fan_avg", "uniform")
        self.query = keras.layers.Dense(width, use_bias=False, name="query")
        self.pair = keras.layers.Dense(2 * width, use_bias=False, name="pair")
        self.out = keras.layers.Dense(width, kernel_initializer=small, name="out")

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights."""
        for layer in (self.query, self.pair, self.out):
            layer.build((None, None, self.width))
        super().build(input_shape)

    def queries(self, states: Any) -> Any:
        """States `[batch, time, width]` to queries, already divided by the square root of their size."""
        return self._heads(through(self.query, states) * self.size**-0.5)

    def pairs(self, states: Any) -> tuple[Any, Any]:
        """States `[batch, time, width]` to keys and values."""
        keys, values = ops.split(through(self.pair, states), 2, axis=-1)
        return self._heads(keys), self._heads(values)

    def attend(self, queries: Any, keys: Any, values: Any, bias: Any) -> tuple[Any, Any]:
        """Mixes values.

        Args:
            queries: `[batch, heads, time, size]`.
            keys: `[batch, heads, keys, size]`.
            values: As the keys.
            bias: Added to the scores, so that it broadcasts to `[batch, heads, time, keys]`.

        Returns:
            States `[batch, time, width]`, and the weights `[batch, heads, time, keys]`.
        """
        scores = ops.matmul(queries, ops.transpose(keys, (0, 1, 3, 2)))
        weights = tf.nn.softmax(scores + tf.cast(bias, scores.dtype))
        mixed = ops.transpose(ops.matmul(weights, values), (0, 2, 1, 3))
        return through(self.out, ops.reshape(mixed, (*_sizes(mixed), self.width))), weights

    def _heads(self, states: Any) -> Any:
        split = ops.reshape(states, (*_sizes(states), self.heads, self.size))
        return ops.transpose(split, (0, 2, 1, 3))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return super().get_config() | {"width": self.width, "heads": self.heads}


@_register
class DistanceBias(keras.layers.Layer):
    """A bias for each head and distance between a query's place and a key's.

    Args:
        heads: Attention heads.
        distances: Those farther apart share the last bias.
    """

    def __init__(self, heads: int, distances: int, **options: Any) -> None:
        super().__init__(**options)
        self.heads, self.distances = heads, distances

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights."""
        shape = (2 * self.distances + 1, self.heads)
        self.table = self.add_weight(shape=shape, initializer="zeros", name="distances")
        super().build(input_shape)

    def call(self, queries: Any, keys: Any) -> Any:
        """Places `[time]` and `[keys]`, arrays or tensors, to biases `[1, heads, time, keys]`."""
        distance = ops.expand_dims(keys, 0) - ops.expand_dims(queries, 1)
        index = ops.clip(distance, -self.distances, self.distances) + self.distances
        return ops.expand_dims(ops.transpose(ops.take(self.table, index, axis=0), (2, 0, 1)), 0)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return super().get_config() | {"heads": self.heads, "distances": self.distances}


def sinusoids(places: int, width: int) -> np.ndarray:
    """Sines and cosines of each place, `[places, width]`, as in Vaswani et al., in steps that an 8-bit integer holds."""
    rates = 10000.0 ** (-np.arange(width // 2) / (width // 2))
    angles = np.arange(places)[:, None] * rates
    return round_to_int8(np.concatenate([np.sin(angles), np.cos(angles)], axis=1), axis=0)


def through(layer: keras.layers.Dense, states: Any) -> Any:
    """States `[batch, time, size]` through a layer.

    They are rows to it, so that a graph for one sentence of any length computes no shapes: in a lite file these would be nine
    operations for each layer, which it runs one by one.
    """
    rows = layer(ops.reshape(states, (-1, states.shape[-1])))
    return ops.reshape(rows, (*_sizes(states), layer.units))


def _sizes(states: Any) -> tuple[Any, int]:
    """The batch and the time of `[batch, time, ...]` to give to a reshape, where -1 stands for a time that is not known."""
    return ops.shape(states)[0], -1 if states.shape[1] is None else states.shape[1]
