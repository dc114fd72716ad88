"""The features of a batch, checked against the columns that read them before anything is computed."""

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from gristmill.estimator.columns.batches import Bound, bound_of, checked
from gristmill.estimator.columns.kinds import OWN, leaves
from gristmill.estimator.columns.readable import check_tensor
from gristmill.estimator.columns.vocabularies import words_of
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.provenance import note_words

__all__ = ["Features", "Reader"]


class Features:
    """The tensors of one batch, and what columns have made of them.

    Attributes:
        tensors: Dense tensors or SparseTensors by name.
        cache: What TensorFlow's columns ask for their input.
    """

    def __init__(self, tensors: dict[str, Any]) -> None:
        self.tensors = tensors
        self.cache = fc.FeatureTransformationCache(tensors)
        self._single: dict[str, Any] = {}

    def single(self, name: str) -> Any:
        """`[batch]` of a dense feature with one value a record, None for any other."""
        if name not in self._single:
            self._single[name] = _single(self.tensors[name])
        return self._single[name]


def _single(tensor: Any) -> Any:
    if isinstance(tensor, tf.SparseTensor) or tensor.shape.rank not in (1, 2):
        return None
    if tensor.shape.rank == 1:
        return tensor
    return tf.reshape(tensor, [-1]) if tensor.shape[1] == 1 else None


class Reader:
    """Takes from a dict of features those that some columns read.

    Args:
        columns: TensorFlow's and gristmill's columns.

    Attributes:
        words: The fingerprints of their vocabularies, by features.

    Raises:
        ArgumentError: The file of a vocabulary is not there, or holds too few words.
    """

    def __init__(self, columns: Iterable[Any]) -> None:
        self._readers: list[tuple[str, Any]] = []
        for column in columns:
            own = isinstance(column, OWN)
            self._readers += [(name, column) for name in column.inputs()] if own else list(leaves(column))
        self._bounds: dict[str, set[Bound]] = {}
        for name, column in self._readers:
            bound = bound_of(name, column)
            if bound is not None:
                self._bounds.setdefault(name, set()).add(bound)
        self.words = words_of(self._readers)

    def __call__(self, features: Any) -> Features:
        """Checks features and gives them as tensors.

        Args:
            features: By name, tensors (dense, sparse or ragged) or what becomes one.

        Raises:
            ArgumentError: One is missing, or has a type or shape or (see `gristmill.estimator.demands.demand`) an index
                that its column does not read, or the features are of batches of different sizes.
        """
        if not isinstance(features, Mapping):
            raise ArgumentError(f"features must be a dict of tensors by name. Received: {type(features).__name__}")
        tensors: dict[str, Any] = {}
        for name, column in self._readers:
            if name not in features:
                raise ArgumentError(
                    f"features must hold {name!r}, which the column {column.name!r} reads. "
                    f"Received: {', '.join(sorted(map(str, features))) or 'none'}"
                )
            if name not in tensors:
                tensors[name] = _tensor(name, features[name])
            check_tensor(name, column, tensors[name])
        _check_batch(tensors)
        note_words(self.words)
        return Features(checked(tensors, self._bounds))


def _tensor(name: str, value: Any) -> Any:
    if isinstance(value, tf.RaggedTensor):
        value = value.to_sparse()
    tensor = value if isinstance(value, tf.SparseTensor) else tf.convert_to_tensor(value)
    if tensor.shape.rank == 0:
        raise ArgumentError(f"the feature {name!r} must have one row a record. Received: a scalar")
    return tensor


def _check_batch(tensors: Mapping[str, Any]) -> None:
    sizes = {name: tensor.shape[0] for name, tensor in tensors.items() if tensor.shape.rank is not None}
    known = {size for size in sizes.values() if size is not None}
    if len(known) > 1:
        listed = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ArgumentError(f"features must be of one batch, equally long. Received: {listed}")
