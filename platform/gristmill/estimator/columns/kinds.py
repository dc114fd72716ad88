"""Lists of columns, checked: which columns an input takes, in what order it reads them, which features they need."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tensorflow.python.feature_column import feature_column_v2 as fc
from tensorflow.python.feature_column.feature_column_v2_types import FeatureColumn

from gristmill.estimator.errors import ArgumentError
from gristmill.features import BucketColumn, CategoryColumn, CrossColumn, NumberColumn

__all__ = ["OWN", "as_list", "check_dense", "check_sequence", "in_order", "leaves"]

OWN = (BucketColumn, CategoryColumn, CrossColumn, NumberColumn)
"""gristmill's own columns."""


def as_list(columns: Any) -> list[Any]:
    """One column, or any iterable of columns, as a list.

    Raises:
        ArgumentError: Something is no column.
    """
    if isinstance(columns, (FeatureColumn, *OWN)):
        return [columns]
    if isinstance(columns, (str, bytes, Mapping)) or not isinstance(columns, Iterable):
        raise ArgumentError(f"columns must be a list of feature columns. Received: {columns!r}")
    listed = list(columns)
    for column in listed:
        if not isinstance(column, (FeatureColumn, *OWN)):
            raise ArgumentError(
                f"columns must hold columns of tf.feature_column or of gristmill.features. "
                f"Received: {column!r} (type {type(column).__name__})"
            )
    return listed


def in_order(columns: Any, name: Callable[[Any], str] = lambda column: column.name) -> list[Any]:
    """Columns sorted by name, which is the order in which a model reads them.

    Args:
        columns: One column or an iterable.
        name: Gives the name of a column.

    Raises:
        ArgumentError: There is none, something is no column, or two have the same name.
    """
    listed = as_list(columns)
    if not listed:
        raise ArgumentError("columns must not be empty. Received: none")
    known: dict[str, Any] = {}
    for column in listed:
        if name(column) in known:
            raise ArgumentError(
                f"columns must have names of their own; leave one out, or give its feature under a second name too. "
                f"Received: {name(column)!r} for {known[name(column)]} and {column}"
            )
        known[name(column)] = column
    return [known[key] for key in sorted(known)]


def check_dense(column: Any) -> None:
    """Refuses what gives no fixed row of numbers a record.

    Raises:
        ArgumentError: It is a categorical column with neither `indicator_column` nor `embedding_column` around it, or
            a column of sequences.
    """
    if isinstance(column, OWN):
        return
    if _of_sequence(column) or (isinstance(column, fc.SequenceDenseColumn) and not isinstance(column, fc.DenseColumn)):
        raise ArgumentError(
            f"a column of sequences is read by a recurrent network alone; take one that is not sequential. "
            f"Received: {column.name} (type {type(column).__name__})"
        )
    if not isinstance(column, fc.DenseColumn):
        raise ArgumentError(
            f"a network takes dense columns; wrap a categorical one in an indicator_column or embedding_column. "
            f"Received: {column.name} (type {type(column).__name__})"
        )


def check_sequence(column: Any) -> None:
    """Refuses what gives no sequence of rows a record.

    Raises:
        ArgumentError: It is neither a `sequence_numeric_column`, nor an embedding or indicator of a
            `sequence_categorical_column_with_*`.
    """
    if isinstance(column, fc.SequenceDenseColumn) and (_of_sequence(column) or not isinstance(column, fc.DenseColumn)):
        return
    raise ArgumentError(
        f"the input of a recurrent network takes sequence_numeric_column, or embedding_column and indicator_column "
        f"around a sequence_categorical_column. Received: {column.name} (type {type(column).__name__})"
    )


def leaves(column: Any) -> Iterator[tuple[str, Any]]:
    """The features that a TensorFlow column reads, each with the column that reads it itself."""
    for parent in column.parents:
        if isinstance(parent, str):
            yield parent, column
        else:
            yield from leaves(parent)


def _of_sequence(column: Any) -> bool:
    return isinstance(getattr(column, "categorical_column", None), fc.SequenceCategoricalColumn)
