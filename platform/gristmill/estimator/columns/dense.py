"""Columns as the input of a network: one row of numbers a record."""

from typing import Any

import tensorflow as tf

from gristmill.estimator.columns.inputs import ColumnInput
from gristmill.estimator.columns.kinds import check_dense, in_order
from gristmill.estimator.columns.own import deep_name
from gristmill.estimator.columns.state import Shared
from gristmill.estimator.columns.tensors import dense_tensors

__all__ = ["DenseInput"]


class DenseInput(ColumnInput):
    """The numbers of all columns side by side, in the order of the columns' names.

    Args:
        columns: Dense columns of tf.feature_column (numeric, bucketized, indicator, embedding, shared embedding), columns
            of gristmill.features, or both.
        scope: What the names of variables begin with.
        shared: What other inputs of the same model share.

    Raises:
        ArgumentError: A column is none, or is not dense, or there is none, or two have the same name.
    """

    def __init__(
        self, columns: Any, scope: str = "dnn/input_from_feature_columns/input_layer", shared: Shared | None = None
    ) -> None:
        ordered = in_order(columns, deep_name)
        for column in ordered:
            check_dense(column)
        super().__init__(ordered, scope, None, shared)
        self._order = [deep_name(column) for column in ordered]

    def __call__(self, features: Any, training: bool = False) -> Any:
        """Reads a batch.

        Args:
            features: Tensors by name: `[batch]`, `[batch, k]`, sparse or ragged.
            training: Handed on to columns of one's own that take it.

        Returns:
            `[batch, width]` float32.

        Raises:
            ArgumentError: A feature is missing, or has a type or shape that its column does not read.
        """
        read = self.read(features)
        found = dense_tensors(self.theirs, read, self.state, training) | self.own_tensors(read)
        return tf.concat([found[name] for name in self._order], axis=1)
