"""Batch normalization, as a function."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from gristmill.errors import InputError
from gristmill.layers.arguments import Named
from gristmill.layers.definition import layer_function
from gristmill.layers.place import Reuse

__all__ = ["batch_normalization"]

_INSTEAD = {
    "fused": "Keras chooses the kernel",
    "virtual_batch_size": "normalize parts of the batch one by one",
    "adjustment": "scale and shift the outputs with `keras.ops`",
}


def _prepared(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of Keras' class."""
    for name, instead in _INSTEAD.items():
        if arguments[name] is not None and not (name == "fused" and arguments[name] is False):
            raise InputError(
                f"`{name}` of batch_normalization must be left None: {instead}. Received: {name}={arguments[name]!r}"
            )
    given = {name: value for name, value in arguments.items() if name not in _INSTEAD}
    given["axis"] = _one(given["axis"])
    given["renorm_clipping"] = dict(given["renorm_clipping"] or {}) if given["renorm"] else None
    return given


def _one(axis: int | Sequence[int]) -> int:
    if not isinstance(axis, Sequence):
        return int(axis)
    if len(axis) != 1:
        raise InputError(
            "`axis` of batch_normalization must be one axis; bring several into one with `keras.ops.reshape`. "
            f"Received: axis={list(axis)}"
        )
    return axis[0]


@layer_function(keras.layers.BatchNormalization, _prepared)
def batch_normalization(
    inputs: Any,
    axis: int | Sequence[int] = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Named = "zeros",
    gamma_initializer: Named = "ones",
    moving_mean_initializer: Named = "zeros",
    moving_variance_initializer: Named = "ones",
    beta_regularizer: Named = None,
    gamma_regularizer: Named = None,
    beta_constraint: Named = None,
    gamma_constraint: Named = None,
    training: Any = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: Reuse = None,
    renorm: bool = False,
    renorm_clipping: Mapping[str, float] | None = None,
    renorm_momentum: float = 0.99,
    fused: bool | None = None,
    virtual_batch_size: int | None = None,
    adjustment: Any = None,
) -> Any:
    """Brings each channel to mean 0 and deviation 1, then to a learned mean and deviation; any shape to the same.

    In training it goes by the batch and moves the moving statistics at once: there are no update operations to run, as tf
    1 had. Otherwise it goes by the moving statistics.

    Args:
        inputs: A float tensor.
        axis: The axis of the channels; one.
        momentum: The share of the old value that moving statistics keep at each step.
        epsilon: Added to the variance.
        center: Whether a mean, `beta`, is learned.
        scale: Whether a deviation, `gamma`, is learned.
        beta_initializer: And the other initializers, regularizers and constraints: of the variable in their name.
        training: A bool or a scalar tensor. A functional model that is called with a mode of its own, as `fit` and
            `predict` do, goes by that one, unless this is a tensor.
        trainable: False also keeps the moving statistics as they are, as in Keras; tf.layers moved them.
        name: The layer's name.
        reuse: As for `dense`.
        renorm: Whether to correct the batch's statistics by the moving ones in training (batch renormalization).
        renorm_clipping: Bounds of that correction: `rmax`, `rmin`, `dmax`.
        renorm_momentum: As `momentum`, for renormalization.
        fused: None or False; how it is computed is not chosen here.
        virtual_batch_size: None.
        adjustment: None.

    Raises:
        InputError: As for `dense`; several axes, or an argument of tf.layers that has no counterpart.
    """
