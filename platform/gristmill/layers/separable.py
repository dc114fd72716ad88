"""Depthwise separable convolutions, as functions: each channel on its own, then a mix of channels."""

from typing import Any

import keras

from gristmill.layers.arguments import Named, Size
from gristmill.layers.definition import layer_function
from gristmill.layers.place import Reuse

__all__ = ["separable_conv1d", "separable_conv2d"]


@layer_function(keras.layers.SeparableConv1D)
def separable_conv1d(
    inputs: Any,
    filters: int,
    kernel_size: Size,
    strides: Size = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Size = 1,
    depth_multiplier: int = 1,
    activation: Named = None,
    use_bias: bool = True,
    depthwise_initializer: Named = None,
    pointwise_initializer: Named = None,
    bias_initializer: Named = "zeros",
    depthwise_regularizer: Named = None,
    pointwise_regularizer: Named = None,
    bias_regularizer: Named = None,
    activity_regularizer: Named = None,
    depthwise_constraint: Named = None,
    pointwise_constraint: Named = None,
    bias_constraint: Named = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Reuse = None,
) -> Any:
    """Separable convolution: `[batch, length, channels]` to
    `[batch, new length, filters]`; the other way round with `channels_first`.

    Raises:
        InputError: As for `dense`.
    """


@layer_function(keras.layers.SeparableConv2D)
def separable_conv2d(
    inputs: Any,
    filters: int,
    kernel_size: Size,
    strides: Size = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Size = (1, 1),
    depth_multiplier: int = 1,
    activation: Named = None,
    use_bias: bool = True,
    depthwise_initializer: Named = None,
    pointwise_initializer: Named = None,
    bias_initializer: Named = "zeros",
    depthwise_regularizer: Named = None,
    pointwise_regularizer: Named = None,
    bias_regularizer: Named = None,
    activity_regularizer: Named = None,
    depthwise_constraint: Named = None,
    pointwise_constraint: Named = None,
    bias_constraint: Named = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Reuse = None,
) -> Any:
    """Separable convolution: `[batch, height, width, channels]` to
    `[batch, new height, new width, filters]`; the other way round with `channels_first`.

    Raises:
        InputError: As for `dense`.
    """
