"""Feature columns: what a model reads of a record, made from a dataset's statistics and vocabularies, never adapted.

Each column turns into Keras layers in two ways: `wide` gives one weight a value (a linear model), `deep` gives the
numbers that enter a network. Crosses are index arithmetic, because hashing layers run in no LiteRT runtime.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from gristmill.errors import InputError
from gristmill.features.layers import Bucket, CrossIndex, IndexBag, Standardize

__all__ = ["BucketColumn", "CategoryColumn", "Column", "CrossColumn", "NumberColumn", "Tensors"]

Tensors = dict[str, keras.KerasTensor]
"""The inputs by name, and beside them what columns have made of them, so that both halves of a model share it."""


@dataclass(frozen=True)
class CategoryColumn:
    """A category, or a padded list of categories.

    Records hold either terms (with `vocabulary`) or indices. Index 0 is for padding, missing and unknown values; it has
    no weight and no embedding of its own, so that it adds nothing.
    """

    name: str
    size: int = 0
    """Number of indices, 0 included; taken from the vocabulary where there is one."""
    length: int | None = None
    """Values a record, for padded lists; None for one value."""
    width: int = 8
    """Size of the embedding in a deep model."""
    vocabulary: tuple[str, ...] | None = None

    @property
    def count(self) -> int:
        """Number of indices, 0 included."""
        return len(self.vocabulary) + 1 if self.vocabulary is not None else self.size

    def inputs(self) -> Tensors:
        """`[batch]` or `[batch, length]` of int32 indices or of strings."""
        shape = () if self.length is None else (self.length,)
        dtype = "int32" if self.vocabulary is None else "string"
        return {self.name: keras.Input(shape, name=self.name, dtype=dtype)}

    def indices(self, tensors: Tensors) -> keras.KerasTensor:
        """`[batch]` or `[batch, length]` int32."""
        if self.vocabulary is None:
            return tensors[self.name]
        name = f"{self.name}_lookup"
        if name not in tensors:
            lookup = keras.layers.StringLookup(vocabulary=list(self.vocabulary), num_oov_indices=1, name=name)
            tensors[name] = lookup(tensors[self.name])
        return tensors[name]

    def wide(self, tensors: Tensors, units: int = 1) -> keras.KerasTensor:
        """`[batch, units]`: the weight of the value, or the sum of the weights of the values."""
        return IndexBag(self.count, units, "sum", "zeros", name=f"wide_{self.name}")(self.indices(tensors))

    def deep(self, tensors: Tensors) -> keras.KerasTensor:
        """`[batch, width]`: the embedding of the value, or the mean of the embeddings of the values."""
        return IndexBag(self.count, self.width, "mean", "normal", name=f"deep_{self.name}")(self.indices(tensors))


@dataclass(frozen=True)
class CrossColumn:
    """Two categories taken together: one weight for every pair of values."""

    first: CategoryColumn
    """One value a record."""
    second: CategoryColumn
    width: int = 8

    def __post_init__(self) -> None:
        if self.first.length is not None:
            raise InputError(f"the first column of a cross must hold one value. Received: {self.first.name}, a list")

    @property
    def name(self) -> str:
        """Name of the cross."""
        return f"{self.first.name}_x_{self.second.name}"

    def inputs(self) -> Tensors:
        """The inputs of both columns."""
        return self.first.inputs() | self.second.inputs()

    def indices(self, tensors: Tensors) -> keras.KerasTensor:
        """int32 indices, 0 where either value is padding or unknown."""
        name = f"{self.name}_index"
        if name not in tensors:
            pair = [self.first.indices(tensors), self.second.indices(tensors)]
            tensors[name] = CrossIndex(self.second.count, name=name)(pair)
        return tensors[name]

    def wide(self, tensors: Tensors, units: int = 1) -> keras.KerasTensor:
        """`[batch, units]`: the weight of the pair, or the sum over pairs."""
        size = self.first.count * self.second.count
        return IndexBag(size, units, "sum", "zeros", name=f"wide_{self.name}")(self.indices(tensors))

    def deep(self, tensors: Tensors) -> keras.KerasTensor:
        """`[batch, width]`: the embedding of the pair, or the mean over pairs."""
        size = self.first.count * self.second.count
        return IndexBag(size, self.width, "mean", "normal", name=f"deep_{self.name}")(self.indices(tensors))


@dataclass(frozen=True)
class NumberColumn:
    """A number, standardised by the mean and deviation of the training records; a missing one (NaN) counts as the mean."""

    name: str
    mean: float = 0.0
    deviation: float = 1.0

    def inputs(self) -> Tensors:
        """`[batch]` float32."""
        return {self.name: keras.Input((), name=self.name, dtype="float32")}

    def deep(self, tensors: Tensors) -> keras.KerasTensor:
        """`[batch, 1]`: the standardised number."""
        name = f"standard_{self.name}"
        if name not in tensors:
            tensors[name] = Standardize(self.mean, self.deviation, name=name)(tensors[self.name])
        return tensors[name]

    def wide(self, tensors: Tensors, units: int = 1) -> keras.KerasTensor:
        """`[batch, units]`: a weight times the standardised number."""
        layer = keras.layers.Dense(units, use_bias=False, kernel_initializer="zeros", name=f"wide_{self.name}")
        return layer(self.deep(tensors))


@dataclass(frozen=True)
class BucketColumn:
    """A number as the category of the interval that it falls into."""

    number: NumberColumn
    boundaries: Sequence[float]
    """Inner boundaries, ascending, in the number's own unit."""
    width: int = 4

    @property
    def name(self) -> str:
        """Name of the column."""
        return f"{self.number.name}_bucket"

    def inputs(self) -> Tensors:
        """`[batch]` float32."""
        return self.number.inputs()

    def indices(self, tensors: Tensors) -> keras.KerasTensor:
        """`[batch]` int32: 1 below the first boundary, and so on; 0 where the number is missing."""
        if self.name not in tensors:
            tensors[self.name] = Bucket(tuple(self.boundaries), name=self.name)(tensors[self.number.name])
        return tensors[self.name]

    def wide(self, tensors: Tensors, units: int = 1) -> keras.KerasTensor:
        """`[batch, units]`: the weight of the interval."""
        layer = IndexBag(len(self.boundaries) + 2, units, "sum", "zeros", name=f"wide_{self.name}")
        return layer(self.indices(tensors))

    def deep(self, tensors: Tensors) -> keras.KerasTensor:
        """`[batch, width]`: the embedding of the interval."""
        layer = IndexBag(len(self.boundaries) + 2, self.width, "mean", "normal", name=f"deep_{self.name}")
        return layer(self.indices(tensors))


Column = CategoryColumn | CrossColumn | NumberColumn | BucketColumn
