"""The hidden layers of canned networks, with the names that 2.15 gave their variables."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError

__all__ = ["HiddenLayers"]

_MOMENTUM, _EPSILON = 0.999, 0.001
"""Of batch normalisation."""


class HiddenLayers:
    """Dense layers with an activation, then the logits.

    Args:
        hidden_units: Their widths.
        units: Logits an example.
        activation_fn: Of the hidden layers.
        dropout: Share of each hidden layer's outputs that training drops; None for none.
        batch_norm: Whether each hidden layer's outputs are normalised, after the dropout.
        name: Start of the variables' names.

    Raises:
        ArgumentError: There is no hidden layer, or a width is no positive integer.
    """

    def __init__(
        self,
        hidden_units: Sequence[int],
        units: int,
        activation_fn: Callable[[Any], Any] | None,
        dropout: float | None = None,
        batch_norm: bool = False,
        name: str = "dnn",
    ) -> None:
        if not hidden_units or any(not isinstance(width, int) or width < 1 for width in hidden_units):
            raise ArgumentError(f"hidden_units must be at least one positive integer. Received: {hidden_units}")
        if dropout is not None and not 0 <= dropout < 1:
            raise ArgumentError(f"dropout must be in [0, 1). Received: {dropout}")
        self._hidden_units, self._units, self._name = list(hidden_units), units, name
        self._activation, self._batch_norm = activation_fn or tf.nn.relu, batch_norm
        self._dropouts = [keras.layers.Dropout(dropout) for _ in hidden_units] if dropout else []
        self._made: dict[str, tf.Variable] = {}

    @property
    def variables(self) -> list[tf.Variable]:
        """Those that training changes."""
        return [variable for variable in self._made.values() if variable.trainable]

    @property
    def state(self) -> list[Any]:
        """Moving statistics, and the seeds of dropout."""
        moving = [variable for variable in self._made.values() if not variable.trainable]
        return [*moving, *(variable for layer in self._dropouts for variable in layer.variables)]

    def __call__(self, inputs: Any, training: bool) -> Any:
        """`[..., width]` to `[..., units]`; the first call makes the variables."""
        net = inputs
        for number, width in enumerate(self._hidden_units):
            name = f"{self._name}/hiddenlayer_{number}"
            net = self._activation(self._dense(net, width, name))
            if self._dropouts and training:
                net = self._dropouts[number](net, training=True)
            if self._batch_norm:
                net = self._normalized(net, training, f"{name}/batchnorm_{number}")
        return self._dense(net, self._units, f"{self._name}/logits")

    def _dense(self, net: Any, width: int, name: str) -> Any:
        inputs = net.shape[-1]
        limit = math.sqrt(6.0 / (inputs + width))  # Glorot and Bengio 2010
        kernel = self._variable(f"{name}/kernel", lambda: tf.random.uniform((inputs, width), -limit, limit))
        bias = self._variable(f"{name}/bias", lambda: tf.zeros(width))
        return tf.linalg.matmul(net, kernel) + bias if net.shape.rank == 2 else tf.tensordot(net, kernel, 1) + bias

    def _normalized(self, net: Any, training: bool, name: str) -> Any:
        width = net.shape[-1]
        gamma = self._variable(f"{name}/gamma", lambda: tf.ones(width))
        beta = self._variable(f"{name}/beta", lambda: tf.zeros(width))
        mean = self._variable(f"{name}/moving_mean", lambda: tf.zeros(width), trainable=False)
        variance = self._variable(f"{name}/moving_variance", lambda: tf.ones(width), trainable=False)
        if not training:
            return tf.nn.batch_normalization(net, mean, variance, beta, gamma, _EPSILON)
        found = tf.nn.moments(net, list(range(net.shape.rank - 1)))
        for kept, value in zip((mean, variance), found, strict=True):
            kept.assign(kept * _MOMENTUM + value * (1 - _MOMENTUM))
        return tf.nn.batch_normalization(net, *found, beta, gamma, _EPSILON)

    def _variable(self, name: str, first: Callable[[], Any], trainable: bool = True) -> tf.Variable:
        if name not in self._made:
            with tf.init_scope():
                self._made[name] = tf.Variable(first, trainable=trainable, name=name)
        return self._made[name]
