"""Feature columns as what trees split on: one number a place, categories as zeros and ones, buckets by their order."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from gristmill.estimator.columns import DenseInput
from gristmill.estimator.columns.kinds import in_order
from gristmill.estimator.errors import ArgumentError
from gristmill.features import NumberColumn

__all__ = ["TreeInput"]


class TreeInput:
    """The numbers of all columns side by side, in the order of the columns' names.

    A numeric column gives its numbers, NaN where one is missing; a bucketized column the number of the bucket; an
    indicator column how often each category is there. gristmill's `NumberColumn` is read as it comes, not standardised.

    Args:
        columns: `numeric_column`, `bucketized_column` and `indicator_column` of tf.feature_column, and `NumberColumn`.

    Attributes:
        names: `[width]`: the column that each number belongs to; an indicator has the name of its categorical column.

    Raises:
        ArgumentError: A column is of another kind, or there is none, or two have the same name.
    """

    def __init__(self, columns: Any) -> None:
        self._columns = [_plain(column) for column in in_order(columns)]
        self._dense = DenseInput(self._columns, "boosted_trees/input_layer")
        self._widths = [column.variable_shape.num_elements() for column in self._columns]
        self.names: list[str] = []
        for column, width in zip(self._columns, self._widths, strict=True):
            name = column.categorical_column.name if isinstance(column, fc.IndicatorColumn) else column.name
            self.names += [name] * (width // _buckets(column))

    @property
    def words(self) -> Mapping[str, str]:
        """The fingerprints of the columns' vocabularies, by features."""
        return self._dense.words

    def __call__(self, features: Any) -> Any:
        """Reads a batch.

        Args:
            features: Tensors by name.

        Returns:
            `[batch, width]` float32.

        Raises:
            ArgumentError: A feature is missing, or has a type or shape that its column does not read.
        """
        parts: Sequence[Any] = tf.split(self._dense(features), self._widths, axis=1)
        return tf.concat([_ordinal(part, c) for part, c in zip(parts, self._columns, strict=True)], axis=1)


def _plain(column: Any) -> Any:
    """A column as one of TensorFlow's that trees can read."""
    if isinstance(column, NumberColumn):
        return fc.NumericColumn(column.name, (1,), None, tf.float32, None)
    if not isinstance(column, fc.NumericColumn | fc.BucketizedColumn | fc.IndicatorColumn):
        raise ArgumentError(
            "trees read numeric_column, bucketized_column and indicator_column, and gristmill's NumberColumn; wrap a "
            f"categorical column in an indicator_column. Received: {column.name} (type {type(column).__name__})"
        )
    return column


def _buckets(column: Any) -> int:
    """Numbers that one of the column's places takes in the dense input."""
    return int(column.variable_shape[-1]) if isinstance(column, fc.BucketizedColumn) else 1


def _ordinal(part: Any, column: Any) -> Any:
    """`[batch, places]`; buckets, which come as zeros and a one, by their number."""
    if not isinstance(column, fc.BucketizedColumn):
        return part
    places = column.variable_shape.num_elements() // _buckets(column)
    ones = tf.reshape(part, [tf.shape(part)[0], places, _buckets(column)])
    return tf.cast(tf.argmax(ones, axis=2, output_type=tf.int32), tf.float32)
