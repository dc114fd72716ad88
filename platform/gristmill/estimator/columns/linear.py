"""Columns as a linear model: a weight for each category, a matrix for each row of numbers, and one bias."""

from typing import Any

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from gristmill.estimator.columns.features import Features
from gristmill.estimator.columns.ids import single_ids
from gristmill.estimator.columns.inputs import ColumnInput
from gristmill.estimator.columns.kinds import check_dense, in_order
from gristmill.estimator.columns.rows import is_small, joined, joint_rows, rows
from gristmill.estimator.columns.state import Shared
from gristmill.estimator.columns.tensors import dense_tensors
from gristmill.estimator.errors import ArgumentError

__all__ = ["LinearLogits"]

_COMBINERS = ("sum", "mean", "sqrtn")


class LinearLogits(ColumnInput):
    """The sum of what all columns add to the logits, from zero weights.

    Args:
        columns: Categorical and dense columns of tf.feature_column, columns of gristmill.features, or both.
        units: Logits a record.
        sparse_combiner: How the weights of several categories of one column are put together: `sum`, `mean` or `sqrtn`.
        shared: What other inputs of the same model share.

    Raises:
        ArgumentError: A column is none, or gives sequences, or there is none, or two have the same name; or another
            argument is wrong.
    """

    def __init__(
        self, columns: Any, units: int = 1, sparse_combiner: str = "sum", shared: Shared | None = None
    ) -> None:
        if not isinstance(units, int) or units < 1:
            raise ArgumentError(f"`units` must be a positive integer. Received: units={units!r}")
        if sparse_combiner not in _COMBINERS:
            raise ArgumentError(f"`sparse_combiner` must be one of {_COMBINERS}. Received: {sparse_combiner!r}")
        ordered = in_order(columns)
        for column in ordered:
            if not isinstance(column, fc.CategoricalColumn):
                check_dense(column)
        super().__init__(ordered, "linear/linear_model", units, shared)
        self._combiner = sparse_combiner
        for column in self.theirs:
            categorical = isinstance(column, fc.CategoricalColumn)
            size = column.num_buckets if categorical else column.variable_shape.num_elements()
            self.state.create_variable(column, "weights", (size, units), initializer=tf.zeros)
        self._bias = self.state.make("linear/linear_model/bias_weights", (units,), tf.zeros)

    def __call__(self, features: Any) -> Any:
        """Reads a batch.

        Args:
            features: Tensors by name: `[batch]`, `[batch, k]`, sparse or ragged.

        Returns:
            `[batch, units]` float32.

        Raises:
            ArgumentError: A feature is missing, or has a type or shape that its column does not read.
        """
        read = self.read(features)
        parts = [*self.own_tensors(read).values(), *self._categories(read), *self._numbers(read)]
        return tf.nn.bias_add(tf.add_n(parts), self._bias)

    def _categories(self, features: Features) -> list[Any]:
        parts, joint = [], []
        for column in self.theirs:
            if not isinstance(column, fc.CategoricalColumn):
                continue
            table = self.state.get_variable(column, "weights")
            ids = single_ids(column, features, self.state)
            if ids is None:
                parts.append(self._weighted_sum(column, features, table))
            elif is_small(table):
                joint.append((table, ids))
            else:
                parts.append(rows(table, ids))
        if joint:
            parts.append(tf.reduce_sum(joint_rows(*zip(*joint, strict=True)), axis=1))
        return parts

    def _weighted_sum(self, column: Any, features: Features, table: Any) -> Any:
        """The weights of all categories of a record, put together; zeros where a record has none."""
        ids, weights = (
            None if sparse is None else tf.sparse.reshape(sparse, [tf.shape(sparse)[0], -1])
            for sparse in column.get_sparse_tensors(features.cache, self.state)
        )
        return tf.nn.safe_embedding_lookup_sparse(table, ids, weights, combiner=self._combiner)

    def _numbers(self, features: Features) -> list[Any]:
        columns = [column for column in self.theirs if not isinstance(column, fc.CategoricalColumn)]
        if not columns:
            return []
        found = dense_tensors(columns, features, self.state, training=False)
        matrices = [self.state.get_variable(column, "weights") for column in columns]
        return [tf.matmul(tf.concat([found[c.name] for c in columns], axis=1), joined(matrices))]
