"""Pooling over one, two and three axes, as functions."""

from typing import Any

import keras

from gristmill.layers.arguments import Size
from gristmill.layers.definition import layer_function

__all__ = [
    "average_pooling1d",
    "average_pooling2d",
    "average_pooling3d",
    "max_pooling1d",
    "max_pooling2d",
    "max_pooling3d",
]


@layer_function(keras.layers.AveragePooling1D)
def average_pooling1d(
    inputs: Any,
    pool_size: Size,
    strides: Size,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The mean of each window: `[batch, length, channels]` to
    `[batch, new length, channels]`; the other way round with `channels_first`.

    Raises:
        InputError: An argument or the inputs' shape is not allowed.
    """


@layer_function(keras.layers.AveragePooling2D)
def average_pooling2d(
    inputs: Any,
    pool_size: Size,
    strides: Size,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The mean of each window: `[batch, height, width, channels]` to
    `[batch, new height, new width, channels]`; the other way round with `channels_first`.

    Raises:
        InputError: An argument or the inputs' shape is not allowed.
    """


@layer_function(keras.layers.AveragePooling3D)
def average_pooling3d(
    inputs: Any,
    pool_size: Size,
    strides: Size,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The mean of each window: `[batch, depth, height, width, channels]` to
    `[batch, new depth, new height, new width, channels]`; the other way round with `channels_first`.

    Raises:
        InputError: An argument or the inputs' shape is not allowed.
    """


@layer_function(keras.layers.MaxPooling1D)
def max_pooling1d(
    inputs: Any,
    pool_size: Size,
    strides: Size,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The maximum of each window: `[batch, length, channels]` to
    `[batch, new length, channels]`; the other way round with `channels_first`.

    Raises:
        InputError: An argument or the inputs' shape is not allowed.
    """


@layer_function(keras.layers.MaxPooling2D)
def max_pooling2d(
    inputs: Any,
    pool_size: Size,
    strides: Size,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The maximum of each window: `[batch, height, width, channels]` to
    `[batch, new height, new width, channels]`; the other way round with `channels_first`.

    Raises:
        InputError: An argument or the inputs' shape is not allowed.
    """


@layer_function(keras.layers.MaxPooling3D)
def max_pooling3d(
    inputs: Any,
    pool_size: Size,
    strides: Size,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The maximum of each window: `[batch, depth, height, width, channels]` to
    `[batch, new depth, new height, new width, channels]`; the other way round with `channels_first`.

    Raises:
        InputError: An argument or the inputs' shape is not allowed.
    """
