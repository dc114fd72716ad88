"""The numbers that dense columns of TensorFlow give, by the shortest way that gives the same values."""

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from gristmill.estimator.columns.features import Features
from gristmill.estimator.columns.ids import single_ids
from gristmill.estimator.columns.rows import is_small, joint_rows, rows
from gristmill.estimator.columns.state import State

__all__ = ["called", "dense_tensors"]


def dense_tensors(columns: Iterable[Any], features: Features, state: State, training: bool) -> dict[str, Any]:
    """`[batch, width]` float32 of each column of TensorFlow, by its name."""
    found: dict[str, Any] = {}
    joint: dict[int, list[tuple[str, Any, Any]]] = defaultdict(list)
    for column in columns:
        ids = _ids(column, features, state)
        if ids is None:
            tensor = called(column.get_dense_tensor, features.cache, state, training)
            found[column.name] = flat(tensor, column.variable_shape.num_elements())
        elif isinstance(column, fc.IndicatorColumn):
            found[column.name] = tf.one_hot(ids, column.variable_shape.num_elements())
        elif is_small(_table(column, state)):
            joint[column.variable_shape[-1]].append((column.name, _table(column, state), ids))
        else:
            found[column.name] = rows(_table(column, state), ids)
    for group in joint.values():
        names, tables, ids = zip(*group, strict=True)
        found |= zip(names, tf.unstack(joint_rows(tables, ids), axis=1), strict=True)
    return found


def flat(tensor: Any, width: int) -> Any:
    """`[batch, width]` of a tensor with `width` numbers a record."""
    if tensor.shape.rank == 2 and tensor.shape[1] == width:
        return tensor
    return tf.reshape(tensor, [tf.shape(tensor)[0], width])


def called(method: Callable[..., Any], cache: Any, state: State, training: bool) -> Any:
    """Calls a column's method, with `training` where it takes that."""
    if "training" in inspect.signature(method).parameters:
        return method(cache, state, training=training)
    return method(cache, state)


def _ids(column: Any, features: Features, state: State) -> Any:
    """`[batch]` indices where a column only picks rows by them, None elsewhere."""
    picks = type(column) is fc.IndicatorColumn or (
        type(column) in (fc.EmbeddingColumn, fc.SharedEmbeddingColumn) and column.max_norm is None
    )
    return single_ids(column.categorical_column, features, state) if picks else None


def _table(column: Any, state: State) -> Any:
    if isinstance(column, fc.SharedEmbeddingColumn):
        return column.shared_embedding_column_creator.embedding_weights
    return state.get_variable(column, "embedding_weights")
