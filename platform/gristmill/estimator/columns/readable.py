"""Which types and shapes of tensors each kind of column reads."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc
from tensorflow.python.feature_column.sequence_feature_column import SequenceNumericColumn

from gristmill.estimator.columns.kinds import OWN
from gristmill.estimator.errors import ArgumentError

__all__ = ["check_tensor"]


def check_tensor(name: str, column: Any, tensor: Any) -> None:
    """Refuses a feature that a column cannot read.

    Args:
        name: The feature.
        column: One that reads it itself.
        tensor: Dense, or a SparseTensor.

    Raises:
        ArgumentError: It is of another type or shape.
    """
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
    if isinstance(column, OWN):
        wanted_shape = column.inputs()[name].shape[1:]
        if not _fits(tensor.shape, wanted_shape):
            raise ArgumentError(
                f"the column {column.name!r} reads {list(wanted_shape) or 'one value'} a record of {name!r}. "
                f"Received: {list(tensor.shape[1:])}"
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
        return _wanted_by_own(column.inputs()[name].dtype, dtype)
    return None


def _wanted_by_own(wanted: str, dtype: tf.DType) -> str | None:
    if wanted == "string":
        return None if dtype == tf.string else "strings"
    if wanted == "int32":
        return None if dtype.is_integer else "integers"
    return "numbers" if dtype == tf.string else None


def _fits(shape: tf.TensorShape, wanted: Sequence[int | None]) -> bool:
    """Whether a batch of a shape can be read as `[batch, *wanted]`; one value a record may have an axis of its own."""
    if shape.rank is None or shape[1:].is_compatible_with(wanted):
        return True
    return not wanted and bool(shape[1:].is_compatible_with([1]))
