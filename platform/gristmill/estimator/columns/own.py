"""gristmill's own columns as one Keras model: features in, one tensor a column out."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from gristmill.estimator.columns.features import Features
from gristmill.features import Column, NumberColumn

__all__ = ["OwnColumns", "deep_name"]


def deep_name(column: Any) -> str:
    """The name of a column in a network; gristmill's categories are embeddings there, and are named like TensorFlow's."""
    own = isinstance(column, Column) and not isinstance(column, NumberColumn)
    return f"{column.name}_embedding" if own else column.name


class OwnColumns:
    """The columns of one input.

    Args:
        columns: gristmill's columns.
        units: Numbers a record that each gives to a linear model; None for what each gives to a network.

    Attributes:
        weights: The variable of each column that has one, by the name that the column has there.
    """

    def __init__(self, columns: Sequence[Column], units: int | None) -> None:
        with tf.init_scope():
            inputs: dict[str, Any] = {}
            for column in columns:
                inputs |= {name: tensor for name, tensor in column.inputs().items() if name not in inputs}
            tensors = dict(inputs)
            if units is None:
                outputs = {deep_name(column): column.deep(tensors) for column in columns}
            else:
                outputs = {column.name: column.wide(tensors, units) for column in columns}
            self._model = keras.Model(inputs, outputs)
        made = {name: output._keras_history.operation.weights for name, output in outputs.items()}
        self.weights: dict[str, tf.Variable] = {name: weights[0].value for name, weights in made.items() if weights}

    def __call__(self, features: Features) -> dict[str, Any]:
        """`[batch, width]` by the columns' names."""
        return self._model({name: features.tensors[name] for name in self._model.input})
