"""The number by which a loss is multiplied so that small gradients do not vanish in float16."""

from typing import Any

import keras
import tensorflow as tf

__all__ = ["LossScale", "without_scale"]

_FIRST = 2.0**15
_STEADY_STEPS = 2000


class LossScale:
    """Halves where a gradient is not finite (that update is left out), doubles after 2,000 good steps.

    Source: Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740
    """

    def __init__(self) -> None:
        self._value = tf.Variable(_FIRST, trainable=False)
        self._good = tf.Variable(0, dtype=tf.int64, trainable=False)

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss times the scale, float32."""
        return tf.cast(loss, tf.float32) * self._value

    def unscaled(self, gradients: list[Any]) -> list[Any]:
        """Gradients of the scaled loss as gradients of the loss."""
        return [None if g is None else tf.convert_to_tensor(g) / tf.cast(self._value, g.dtype) for g in gradients]

    def adapt(self, gradients: list[Any]) -> tf.Tensor:
        """Whether all gradients are finite; changes the scale accordingly."""
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in gradients if g is not None])
        steady = self._good + 1 >= _STEADY_STEPS
        grown = tf.where(steady, self._value * 2.0, self._value)
        self._value.assign(tf.where(finite, grown, tf.maximum(self._value / 2.0, 1.0)))
        self._good.assign(tf.where(finite & ~steady, self._good + 1, 0))
        return finite

    def named(self) -> dict[str, Any]:
        """Its variables by name."""
        return {"loss_scale/value": self._value, "loss_scale/good_steps": self._good}


def without_scale(optimizer: keras.optimizers.Optimizer) -> tuple[keras.optimizers.Optimizer, bool | None]:
    """The optimizer inside Keras' own scale, and whether a step is to scale the loss in its place (None: as the policy)."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer.inner_optimizer, True
    return optimizer, None
