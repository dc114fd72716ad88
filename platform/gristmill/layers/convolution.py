"""Convolutions over one, two and three axes, as functions."""

from typing import Any

import keras

from gristmill.layers.arguments import Named, Size
from gristmill.layers.definition import layer_function
from gristmill.layers.place import Reuse

__all__ = ["conv1d", "conv2d", "conv3d"]


@layer_function(keras.layers.Conv1D)
def conv1d(
    inputs: Any,
    filters: int,
    kernel_size: Size,
    strides: Size = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Size = 1,
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
    """Convolution: `[batch, length, channels]` to
    `[batch, new length, filters]`; the other way round with `channels_first`.

    Raises:
        InputError: As for `dense`.
    """


@layer_function(keras.layers.Conv2D)
def conv2d(
    inputs: Any,
    filters: int,
    kernel_size: Size,
    strides: Size = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Size = (1, 1),
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
    """Convolution: `[batch, height, width, channels]` to
    `[batch, new height, new width, filters]`; the other way round with `channels_first`.

    Raises:
        InputError: As for `dense`.
    """


@layer_function(keras.layers.Conv3D)
def conv3d(
    inputs: Any,
    filters: int,
    kernel_size: Size,
    strides: Size = (1, 1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Size = (1, 1, 1),
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
    """Convolution: `[batch, depth, height, width, channels]` to
    `[batch, new depth, new height, new width, filters]`; the other way round with `channels_first`.

    Raises:
        InputError: As for `dense`.
    """
