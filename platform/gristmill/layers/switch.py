"""Layers whose training mode is a tensor of a functional model, and choosing by a tensor elsewhere."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from gristmill.errors import InputError

__all__ = ["SwitchedBatchNormalization", "SwitchedDropout", "check_scalar", "either", "switched"]

_register = keras.saving.register_keras_serializable(package="gristmill")


@_register
class SwitchedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization that a scalar, `switch`, turns between training and inference."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None, switch: Any = None) -> Any:
        """`[batch, ..., channels]` to the same; `switch` is a scalar or None, and wins over `training`."""
        plain = super().call
        if switch is None:
            return plain(inputs, training=training, mask=mask)
        return either(switch, lambda on: plain(inputs, training=on, mask=mask))


@_register
class SwitchedDropout(keras.layers.Dropout):
    """Dropout that a scalar, `switch`, turns on and off."""

    def call(self, inputs: Any, training: bool | None = False, switch: Any = None) -> Any:
        """Any shape to the same; `switch` is a scalar or None, and wins over `training`."""
        plain = super().call
        if switch is None:
            return plain(inputs, training=training)
        return either(switch, lambda on: plain(inputs, training=on))


_SWITCHED = {
    keras.layers.BatchNormalization: SwitchedBatchNormalization,
    keras.layers.Dropout: SwitchedDropout,
}


def switched(kind: type[keras.layers.Layer]) -> type[keras.layers.Layer]:
    """The class of layer that does what `kind` does, by a switch."""
    return _SWITCHED[kind]


def check_scalar(switch: Any) -> None:
    """Refuses a training mode with axes.

    Raises:
        InputError: The tensor is no scalar.
    """
    if len(switch.shape) > 0:
        raise InputError(
            "`training` must be a bool or a scalar tensor, in a functional model `keras.Input(batch_shape=(), "
            f"dtype='bool')`. Received: shape {tuple(switch.shape)}"
        )


def either(switch: Any, run: Callable[[bool], Any]) -> Any:
    """What `run` gives for True or for False, as a scalar tensor says."""
    return ops.cond(ops.cast(switch, "bool"), lambda: run(True), lambda: run(False))
