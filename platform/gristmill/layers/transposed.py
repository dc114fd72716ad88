"""Transposed convolutions, as functions: from the shape of a convolution's outputs to that of its inputs."""

from typing import Any

import keras

from gristmill.layers.arguments import Named, Size
from gristmill.layers.definition import layer_function
from gristmill.layers.place import Reuse

__all__ = ["conv2d_transpose", "conv3d_transpose"]


@layer_function(keras.layers.Conv2DTranspose)
def conv2d_transpose(
    inputs: Any,
    filters: int,
    kernel_size: Size,
    strides: Size = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
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
    """Transposed convolution: `[batch, height, width, channels]` to
    `[batch, new height, new width, filters]`; the other way round with `channels_first`.

    Raises:
        InputError: As for `dense`.
    """


@layer_function(keras.layers.Conv3DTranspose)
def conv3d_transpose(
    inputs: Any,
    filters: int,
    kernel_size: Size,
    strides: Size = (1, 1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
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
    """Transposed convolution: `[batch, depth, height, width, channels]` to
    `[batch, new depth, new height, new width, filters]`; the other way round with `channels_first`.

    Raises:
        InputError: As for `dense`.
    """
