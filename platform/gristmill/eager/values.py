"""What a tensor, or a structure of them, holds: names of its parts, whether they are finite, how to tell of them."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gristmill.training.values import dense, leaves

__all__ = ["as_tensors", "bad", "described", "is_symbolic"]


def as_tensors(batch: Any) -> Any:
    """The batch with its arrays as tensors, so that it is the same to an eager and to a compiled step."""
    return tf.nest.map_structure(
        lambda part: tf.convert_to_tensor(part) if isinstance(part, np.ndarray) else part, batch
    )


def is_symbolic(value: Any) -> bool:
    """Whether a tensor in the structure has no value yet."""
    return any(isinstance(leaf, keras.KerasTensor) or tf.is_symbolic_tensor(leaf) for _, leaf in leaves(value, ""))


def bad(value: Any) -> str | None:
    """How a tensor is not finite, such as `NaN in 2 of 6 values`; None where it is."""
    numbers = dense(value)
    if not numbers.dtype.is_floating or bool(tf.reduce_all(tf.math.is_finite(numbers))):
        return None
    count = int(tf.math.count_nonzero(~tf.math.is_finite(numbers)))
    kind = "NaN" if bool(tf.reduce_any(tf.math.is_nan(numbers))) else "infinity"
    return f"{kind} in {count} of {int(tf.size(numbers))} values"


def described(*values: Any) -> str:
    """Types and shapes of all tensors in structures, such as `float32 [2, 3], int64 [2]`."""
    found = [leaf for value in values for _, leaf in leaves(value, "")]
    return ", ".join(_described(leaf) for leaf in found) or "no tensor"


def _described(leaf: Any) -> str:
    if isinstance(leaf, float):
        return "a number"
    return f"{tf.as_dtype(leaf.dtype).name} [{', '.join(map(str, leaf.shape))}]"
