"""The training step of a loss: gradients, and one or several optimizers that apply them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.heads.rows import by_kernels, summed_rows

__all__ = ["chosen_train_op", "train_op"]


def train_op(loss: Any, groups: Sequence[tuple[Any, Sequence[Any]]], update_ops: Sequence[Any] | None = None) -> Any:
    """Makes the operation of a training step; all gradients are taken before any is applied.

    A Keras optimizer that was built for other variables, as in an earlier trace, is replaced by a new one of the same
    configuration. Only a `tf.compat.v1.train.Optimizer` adds one to the global step, and only the first of several.

    Args:
        loss: A scalar of the graph that is being traced.
        groups: Optimizers (of Keras, or `tf.compat.v1.train.Optimizer`) and the variables of each; a group without
            variables is left out, and so is a variable that the loss does not depend on.
        update_ops: More operations of the step.

    Raises:
        ArgumentError: An optimizer is none, or the loss depends on no variable of a group.
    """
    groups = [(_ready(optimizer, variables), list(variables)) for optimizer, variables in groups if variables]
    taken = [(optimizer, _gradients(optimizer, loss, variables)) for optimizer, variables in groups]
    global_step = tf.compat.v1.train.get_global_step()
    steps = []
    for optimizer, pairs in taken:
        if isinstance(optimizer, tf.compat.v1.train.Optimizer):
            steps.append(optimizer.apply_gradients(pairs, global_step=global_step))
            global_step = None
        else:
            steps.append(_apply(optimizer, pairs))
    return tf.group(*steps, *(update_ops or ()))


def chosen_train_op(
    loss: Any, optimizer: Any, variables: Any, train_op_fn: Callable[[Any], Any] | None, update_ops: Any
) -> Any:
    """The operation of a training step by either an optimizer or a function of the loss.

    Args:
        loss: A scalar of the graph that is being traced.
        optimizer: As `train_op` takes it, or None.
        variables: A list or tuple of variables; a `tf.compat.v1.train.Optimizer` takes None as
            `tf.compat.v1.trainable_variables()`.
        train_op_fn: Gives an operation, or None.
        update_ops: A list or tuple of more operations, or None.

    Raises:
        ArgumentError: Both or none of the two are given, or an argument is of the wrong kind.
    """
    if update_ops is not None and not isinstance(update_ops, list | tuple):
        raise ArgumentError(f"`update_ops` must be a list or a tuple. Received: {type(update_ops).__name__}")
    if (optimizer is None) == (train_op_fn is None):
        came = "both" if optimizer is not None else "None of them"
        raise ArgumentError(f"exactly one of `optimizer` and `train_op_fn` must be given. Received: {came}")
    if train_op_fn is not None:
        step = train_op_fn(loss)
        return step if update_ops is None else tf.group(step, *update_ops)
    if variables is None and isinstance(optimizer, tf.compat.v1.train.Optimizer):
        variables = tf.compat.v1.trainable_variables()
    if not isinstance(variables, list | tuple) or not variables:
        came = repr(variables) if not variables else type(variables).__name__
        raise ArgumentError(f"`trainable_variables` must be a list or a tuple of at least one. Received: {came}")
    return train_op(loss, [(optimizer, variables)], update_ops)


def _ready(optimizer: Any, variables: Sequence[Any]) -> Any:
    """An optimizer that has its own variables for these, as those of Keras must before the loss is scaled."""
    if isinstance(optimizer, tf.compat.v1.train.Optimizer):
        return optimizer
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise ArgumentError(
            "`optimizer` must be a keras.optimizers.Optimizer or a tf.compat.v1.train.Optimizer. "
            f"Received: {type(optimizer).__name__}"
        )
    known = {id(variable) for variable in optimizer._trainable_variables}
    if optimizer.built and not known.issuperset(map(id, variables)):
        with tf.init_scope():
            optimizer = type(optimizer).from_config(optimizer.get_config())
    if not optimizer.built:
        optimizer.build(variables)
    return optimizer


def _gradients(optimizer: Any, loss: Any, variables: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Pairs of a gradient, None where there is none, and its variable."""
    raw = [variable.value if isinstance(variable, keras.Variable) else variable for variable in variables]
    if isinstance(optimizer, tf.compat.v1.train.Optimizer):
        pairs = optimizer.compute_gradients(loss, var_list=raw)
    else:
        pairs = list(zip(tf.gradients(optimizer.scale_loss(loss), raw), variables, strict=True))
    if all(gradient is None for gradient, _ in pairs):
        names = ", ".join(variable.name for variable in raw)
        raise ArgumentError(f"the loss must depend on a variable of each optimizer. Received: {names}")
    return pairs


def _apply(optimizer: Any, pairs: Sequence[tuple[Any, Any]]) -> Any:
    found = [(summed_rows(gradient), variable) for gradient, variable in pairs if gradient is not None]
    with by_kernels(optimizer), _not_reduced(optimizer):
        optimizer.apply([gradient for gradient, _ in found], [variable for _, variable in found])
    return tf.identity(optimizer.iterations)


@contextmanager
def _not_reduced(optimizer: Any) -> Iterator[None]:
    """While open, Keras does not sum gradients over the one replica there is: TensorFlow would keep each graph for that."""
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        yield
        return
    optimizer._all_reduce_sum_gradients = list
    try:
        yield
    finally:
        del optimizer._all_reduce_sum_gradients
