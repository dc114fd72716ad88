"""Columns as the input of a recurrent network: one row of numbers a step of time."""

from typing import Any

import tensorflow as tf

from gristmill.estimator.columns.dense import DenseInput
from gristmill.estimator.columns.inputs import ColumnInput
from gristmill.estimator.columns.kinds import as_list, check_sequence, in_order
from gristmill.estimator.columns.state import Shared
from gristmill.estimator.columns.tensors import called
from gristmill.estimator.demands import demanded

__all__ = ["SequenceInput"]


class SequenceInput(ColumnInput):
    """The numbers of all sequence columns side by side, in the order of their names, then those of the context.

    Args:
        sequence_columns: `sequence_numeric_column`, and embeddings or indicators of `sequence_categorical_column_*`.
        context_columns: Dense columns of tf.feature_column or gristmill.features, repeated at each step of time.
        shared: What other inputs of the same model share.

    Raises:
        ArgumentError: A column is none, or of the wrong kind, or there is no sequence, or two have the same name.
    """

    def __init__(self, sequence_columns: Any, context_columns: Any = (), shared: Shared | None = None) -> None:
        ordered = in_order(sequence_columns)
        for column in ordered:
            check_sequence(column)
        super().__init__(ordered, "sequence_features", None, shared)
        context = as_list(context_columns or ())
        self._context = DenseInput(context, "dense_features", self.state.shared) if context else None
        if self._context:
            self.state.named |= self._context.state.named

    def __call__(self, features: Any, training: bool = False) -> tuple[Any, Any]:
        """Reads a batch.

        Args:
            features: Tensors by name; those of sequences are `[batch, time]`, sparse, ragged or (categories only) dense,
                where an empty string and -1 stand for nothing.
            training: Handed on to columns of one's own that take it.

        Returns:
            `[batch, time, width]` float32, and `[batch]` int64 lengths. `time` is that of the widest tensor, which may
            be more than the greatest length.

        Raises:
            ArgumentError: A feature is missing, or has a type, shape or index that its column does not read, or two columns
                give sequences of different lengths.
        """
        read = self.read(features)
        found = [called(c.get_sequence_dense_tensor, read.cache, self.state, training) for c in self.theirs]
        parts = [
            _steps(pair.dense_tensor, column.variable_shape.num_elements())
            for column, pair in zip(self.theirs, found, strict=True)
        ]
        lengths = _same([pair.sequence_length for pair in found], [column.name for column in self.theirs])
        if self._context:
            context = self._context(features, training)[:, None, :]
            parts.append(tf.repeat(context, tf.shape(parts[0])[1], axis=1))
        return tf.concat(parts, axis=2), lengths


def _steps(tensor: Any, width: int) -> Any:
    """`[batch, time, width]` of a tensor with `width` numbers a step."""
    shape = tf.shape(tensor)
    return tf.ensure_shape(tf.reshape(tensor, [shape[0], shape[1], width]), [None, None, width])


def _same(lengths: list[Any], names: list[str]) -> Any:
    """The first of some tensors, once it is known that all are equal."""
    if len(lengths) == 1:
        return lengths[0]
    rows = tf.stack(lengths, axis=1)
    same = rows == rows[:, :1]
    rule = f"the sequences of {', '.join(names)} must be equally long"
    return demanded(lengths[0], tf.reduce_all(same), rule, lambda: rows[~tf.reduce_all(same, axis=1)])
