"""Dense layers, dropout and flattening, as functions."""

from collections.abc import Sequence
from typing import Any

import keras

from gristmill.layers.arguments import Named
from gristmill.layers.definition import layer_function
from gristmill.layers.place import Reuse

__all__ = ["dense", "dropout", "flatten"]


@layer_function(keras.layers.Dense)
def dense(
    inputs: Any,
    units: int,
    activation: Named = None,
    use_bias: bool = True,
    kernel_initializer: Named = None,
    bias_initializer: Named = "zeros",
    kernel_regularizer: Named = None,
    bias_regularizer: Named = None,
    activity_regularizer: Named = None,
    kernel_constraint: Named = None,
    bias_constraint: Named = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Reuse = None,
) -> Any:
    """`activation(inputs @ kernel + bias)`: `[batch, ..., width]` to `[batch, ..., units]`.

    Raises:
        InputError: An argument or the inputs' shape is not allowed; the name is taken, or with `reuse=True` is not; a
            reused layer has other arguments or weights for another width.
    """


@layer_function(keras.layers.Dropout)
def dropout(
    inputs: Any,
    rate: float = 0.5,
    noise_shape: Sequence[int | None] | None = None,
    seed: int | None = None,
    training: Any = False,
    name: str | None = None,
) -> Any:
    """In training sets a share of the values to 0 and divides the rest by `1 - rate`; any shape to the same.

    Args:
        inputs: A float tensor.
        rate: The share, from 0 to 1.
        noise_shape: Where it has 1 in place of the inputs' size, values along that axis fall together.
        seed: Makes the choice repeatable.
        training: Whether to drop: a bool or a scalar tensor. A functional model that is called with a mode of its own, as
            `fit` and `predict` do, goes by that one, unless this is a tensor.
        name: The layer's name; numbered where it is taken, as there are no weights to share.

    Raises:
        InputError: An argument is not allowed.
    """


@layer_function(keras.layers.Flatten)
def flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> Any:
    """`[batch, ...]` to `[batch, product of the rest]`, or of `channels_first` inputs with the channels last.

    Raises:
        InputError: An argument is not allowed.
    """
