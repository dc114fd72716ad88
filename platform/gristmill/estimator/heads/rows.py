"""Optimizers on large tables: where a gradient names rows, only these rows are read and written.

Keras 3 computes Adagrad and Ftrl over whole tables, and Ftrl there even sets to zero the rows that no example named.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

__all__ = ["row_wise", "summed_rows"]


def summed_rows(gradient: Any) -> Any:
    """A gradient whose rows are each named once: those of one index are summed, as optimizers must see them."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    indices, place = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, place, tf.size(indices))
    return tf.IndexedSlices(values, indices, gradient.dense_shape)


@contextmanager
def row_wise(optimizer: Any) -> Iterator[None]:
    """While open, a Keras Adagrad or Ftrl steps row by row where a gradient is `tf.IndexedSlices`."""
    steps = {keras.optimizers.Adagrad: _adagrad, keras.optimizers.Ftrl: _ftrl}
    step = steps.get(type(optimizer))
    if step is None:
        yield
        return
    whole = optimizer.update_step

    def update_step(gradient: Any, variable: Any, learning_rate: Any) -> None:
        if isinstance(gradient, tf.IndexedSlices):
            step(optimizer, gradient, variable, tf.cast(learning_rate, variable.dtype))
        else:
            whole(gradient, variable, learning_rate)

    optimizer.update_step = update_step
    try:
        yield
    finally:
        del optimizer.update_step


def _adagrad(optimizer: Any, gradient: Any, variable: Any, rate: Any) -> None:
    """Source: Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html."""
    (squares,) = _slots(optimizer, variable, "_accumulators")
    total = tf.gather(squares, gradient.indices) + tf.square(gradient.values)
    squares.scatter_update(_rows(total, gradient))
    change = rate * gradient.values / tf.sqrt(total + optimizer.epsilon)
    variable.scatter_sub(_rows(change, gradient))


def _ftrl(optimizer: Any, gradient: Any, variable: Any, rate: Any) -> None:
    """Source: McMahan et al. 2013, https://research.google/pubs/pub41159/, algorithm 1."""
    squares, linear = _slots(optimizer, variable, "_accumulators", "_linears")
    before, sums, now = (tf.gather(table, gradient.indices) for table in (squares, linear, variable))
    total, power = before + tf.square(gradient.values), -optimizer.learning_rate_power
    sigma = (total**power - before**power) / rate
    sums += gradient.values + 2 * optimizer.l2_shrinkage_regularization_strength * now - sigma * now
    l1, l2 = optimizer.l1_regularization_strength, optimizer.l2_regularization_strength + optimizer.beta / (2 * rate)
    value = (tf.clip_by_value(sums, -l1, l1) - sums) / (total**power / rate + 2 * l2)
    for table, rows in ((squares, total), (linear, sums), (variable, value)):
        table.scatter_update(_rows(rows, gradient))


def _slots(optimizer: Any, variable: Any, *names: str) -> list[Any]:
    index = optimizer._get_variable_index(variable)
    return [getattr(optimizer, name)[index].value for name in names]


def _rows(values: Any, like: Any) -> Any:
    return tf.IndexedSlices(values, like.indices, like.dense_shape)
