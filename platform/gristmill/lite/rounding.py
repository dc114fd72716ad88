"""Rounds weights to what 8-bit integers hold, with a scale for each channel."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["round_to_int8", "steps_of"]

_MOST = 127


def round_to_int8(weights: "ArrayLike", axis: int = -1) -> "NDArray[np.float32]":
    """Weights `[..., channels, ...]` rounded to 255 steps of equal size for each channel, from its largest weight's size.

    Args:
        weights: Finite numbers.
        axis: Where the channels stand: the last axis of a Dense kernel, the first of a table of embeddings.
    """
    values = np.asarray(weights, np.float32)
    steps, scales = steps_of(values, axis % values.ndim)
    return steps * scales


def steps_of(values: "NDArray[np.float32]", axis: int) -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
    """Whole numbers from -127 to 127, and the size of a step of each channel, with as many dimensions."""
    others = tuple(i for i in range(values.ndim) if i != axis)
    scales = np.abs(values).max(others, keepdims=True) / np.float32(_MOST)
    scales = np.where(scales > 0, scales, np.float32(1))
    return np.rint(values / scales), scales
