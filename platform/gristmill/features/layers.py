"""The Keras layers behind feature columns; each converts to builtin LiteRT operations."""

from typing import Any

import keras
from keras import ops

__all__ = ["Bucket", "CrossIndex", "IndexBag", "Standardize"]

_register = keras.saving.register_keras_serializable(package="gristmill")


@_register
class IndexBag(keras.layers.Layer):
    """Adds up, or averages, the embeddings of indices; index 0 stands for nothing.

    Args:
        size: Number of indices, 0 included.
        width: Size of an embedding.
        combiner: `sum` or `mean` over the last axis of the indices.
        initializer: `zeros` or `normal` (deviation 0.05).
    """

    def __init__(self, size: int, width: int, combiner: str, initializer: str, **options: Any) -> None:
        super().__init__(**options)
        self.size, self.width, self.combiner, self.initializer = size, width, combiner, initializer

    def build(self, input_shape: Any) -> None:
        """Makes the table of embeddings, `[size, width]`."""
        start = keras.initializers.RandomNormal(stddev=0.05) if self.initializer == "normal" else self.initializer
        self.table = self.add_weight(shape=(self.size, self.width), initializer=start, name="table")

    def call(self, indices: Any) -> Any:
        """`[batch]` or `[batch, length]` to `[batch, width]`."""
        single = len(indices.shape) == 1
        if single:
            indices = ops.expand_dims(indices, 1)
        present = ops.cast(ops.not_equal(indices, 0), self.compute_dtype)
        rows = ops.take(self.table, indices, axis=0) * ops.expand_dims(present, -1)
        total = ops.sum(rows, axis=1)
        if single or self.combiner == "sum":
            return total
        return total / ops.maximum(ops.sum(present, axis=1, keepdims=True), 1.0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """`[batch, width]`."""
        return (input_shape[0], self.width)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        own = {"size": self.size, "width": self.width, "combiner": self.combiner, "initializer": self.initializer}
        return super().get_config() | own


@_register
class CrossIndex(keras.layers.Layer):
    """The index of a pair: `first * size_of_second + second`, 0 where either is 0."""

    def __init__(self, second_size: int, **options: Any) -> None:
        super().__init__(**options)
        self.second_size = second_size

    def call(self, pair: Any) -> Any:
        """`[batch]` and `[batch]` or `[batch, length]`, to the shape of the second."""
        first, second = (ops.cast(indices, "int32") for indices in pair)
        if len(second.shape) == 2:
            first = ops.expand_dims(first, 1)
        index = first * self.second_size + second
        return ops.where(ops.logical_or(ops.equal(first, 0), ops.equal(second, 0)), 0, index)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return super().get_config() | {"second_size": self.second_size}


@_register
class Bucket(keras.layers.Layer):
    """The interval that a number falls into: 1 below the first boundary, and so on; 0 for NaN."""

    def __init__(self, boundaries: tuple[float, ...], **options: Any) -> None:
        super().__init__(**options)
        self.boundaries = tuple(float(boundary) for boundary in boundaries)

    def call(self, numbers: Any) -> Any:
        """`[batch]` float32 to `[batch]` int32."""
        bounds = ops.convert_to_tensor([list(self.boundaries)], "float32")
        reached = ops.cast(ops.greater_equal(ops.expand_dims(numbers, 1), bounds), "int32")
        missing = ops.not_equal(numbers, numbers)
        return ops.where(missing, 0, 1 + ops.sum(reached, axis=1))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return super().get_config() | {"boundaries": self.boundaries}


@_register
class Standardize(keras.layers.Layer):
    """`(number - mean) / deviation`, and 0 for NaN; `[batch]` to `[batch, 1]`."""

    def __init__(self, mean: float, deviation: float, **options: Any) -> None:
        super().__init__(**options)
        self.mean, self.deviation = float(mean), float(deviation)

    def call(self, numbers: Any) -> Any:
        """`[batch]` float32 to `[batch, 1]`."""
        scaled = (numbers - self.mean) / (self.deviation or 1.0)
        return ops.expand_dims(ops.where(ops.not_equal(numbers, numbers), 0.0, scaled), 1)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return super().get_config() | {"mean": self.mean, "deviation": self.deviation}
