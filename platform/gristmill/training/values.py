"""The tensors in a structure, and the numbers in a tensor of any kind."""

from typing import Any

import keras
import tensorflow as tf

__all__ = ["dense", "leaves", "raw"]


def leaves(value: Any, name: str) -> list[tuple[str, Any]]:
    """The tensors and arrays in a structure, by names such as `batch[0]['age']`; None is left out."""
    if isinstance(value, dict):
        return [leaf for key, part in value.items() for leaf in leaves(part, f"{name}[{key!r}]")]
    if isinstance(value, list | tuple):
        return [leaf for place, part in enumerate(value) for leaf in leaves(part, f"{name}[{place}]")]
    tensor = hasattr(value, "shape") and hasattr(value, "dtype")
    return [(name, value)] if tensor or isinstance(value, float) else []


def dense(value: Any) -> tf.Tensor:
    """The numbers of a tensor, also of a ragged or sparse one, or of rows of a gradient."""
    if isinstance(value, tf.RaggedTensor):
        value = value.flat_values
    if isinstance(value, tf.SparseTensor | tf.IndexedSlices):
        value = value.values
    return tf.convert_to_tensor(value)


def raw(variable: Any) -> tf.Variable:
    """The `tf.Variable` behind a Keras variable; a `tf.Variable` as it is."""
    return variable.value if isinstance(variable, keras.Variable) else variable
