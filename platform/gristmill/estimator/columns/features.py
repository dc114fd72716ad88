"""The features of a batch, checked against the columns that read them before anything is computed."""

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc
from tensorflow.python.feature_column.sequence_feature_column import SequenceNumericColumn

from gristmill.estimator.columns.kinds import OWN, leaves
from gristmill.estimator.errors import ArgumentError

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
    """

    def __init__(self, columns: Iterable[Any]) -> None:
        self._readers: list[tuple[str, Any]] = []
        for column in columns:
            own = isinstance(column, OWN)
            self._readers += [(name, column) for name in column.inputs()] if own else list(leaves(column))

    def __call__(self, features: Any) -> Features:
        """Checks features and gives them as tensors.

        Args:
            features: By name, tensors (dense, sparse or ragged) or what becomes one.

        Raises:
            ArgumentError: One is missing, or has a type or shape that its column does not read, or the features are of
                batches of different sizes.
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
            _check(name, column, tensors[name])
        _check_batch(tensors)
        return Features(tensors)


def _tensor(name: str, value: Any) -> Any:
    if isinstance(value, tf.RaggedTensor):
        value = value.to_sparse()
    tensor = value if isinstance(value, tf.SparseTensor) else tf.convert_to_tensor(value)
    if tensor.shape.rank == 0:
        raise ArgumentError(f"the feature {name!r} must have one row a record. Received: a scalar")
    return tensor


def _check(name: str, column: Any, tensor: Any) -> None:
    """Raises where a column cannot read a tensor."""
    sparse = isinstance(tensor, tf.SparseTensor)
    wanted = _wanted(column, tensor.dtype, name)
    if wanted:
        raise ArgumentError(f"the column {column.name!r} reads {wanted} of {name!r}. Received: {tensor.dtype.name}")
    if sparse and isinstance(column, (fc.NumericColumn, *OWN)):
        raise ArgumentError(f"the column {column.name!r} reads a dense tensor of {name!r}. Received: a SparseTensor")
    if not sparse and isinstance(column, SequenceNumericColumn):
        raise ArgumentError(
            f"the column {column.name!r} reads a sparse or ragged tensor of {name!r}. Received: a dense one"
        )
    if isinstance(column, fc.NumericColumn) and column.normalizer_fn is None:
        given = tensor.shape[1:].num_elements()
        if given is not None and given != tf.TensorShape(column.shape).num_elements():
            raise ArgumentError(
                f"the column {column.name!r} reads {list(column.shape)} numbers a record of {name!r}. "
                f"Received: {list(tensor.shape[1:])}"
            )


def _wanted(column: Any, dtype: tf.DType, name: str) -> str | None:
    """What a column reads, where it is not this type."""
    if isinstance(column, fc.NumericColumn | SequenceNumericColumn):
        return "numbers" if dtype == tf.string else None
    if isinstance(column, fc.WeightedCategoricalColumn):
        return column.dtype.name if dtype != column.dtype else None
    if isinstance(column, fc.IdentityCategoricalColumn):
        return None if dtype.is_integer else "integers"
    if isinstance(column, fc.CrossedColumn):
        return None if dtype.is_integer or dtype == tf.string else "strings or integers"
    if isinstance(
        column, fc.HashedCategoricalColumn | fc.VocabularyListCategoricalColumn | fc.VocabularyFileCategoricalColumn
    ):
        wanted = "integers" if column.dtype.is_integer else "strings"
        return None if (dtype.is_integer if column.dtype.is_integer else dtype == tf.string) else wanted
    if isinstance(column, OWN):
        text = column.inputs()[name].dtype == "string"
        return None if text == (dtype == tf.string) else ("strings" if text else "numbers")
    return None


def _check_batch(tensors: Mapping[str, Any]) -> None:
    sizes = {name: tensor.shape[0] for name, tensor in tensors.items() if tensor.shape.rank is not None}
    known = {size for size in sizes.values() if size is not None}
    if len(known) > 1:
        listed = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ArgumentError(f"features must be of one batch, equally long. Received: {listed}")
