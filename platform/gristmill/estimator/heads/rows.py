"""Updates of Keras optimizers by TensorFlow's own kernels: one operation a variable, and only the rows that a gradient names.

The kernels are those that tf.estimator's optimizers ran. Keras 3 computes the same by many operations, over whole tables
where a gradient names some rows, and its Ftrl there even sets to zero the rows that no example named. They differ in one
place: Adagrad adds its epsilon to the root here, and to the square there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from gristmill.training.values import raw

__all__ = ["by_kernels", "summed_rows"]

_ops = tf.raw_ops


def summed_rows(gradient: Any) -> Any:
    """A gradient whose rows are each named once: those of one index are summed, as optimizers must see them."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    indices, place = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, place, tf.size(indices))
    return tf.IndexedSlices(values, indices, gradient.dense_shape)


@contextmanager
def by_kernels(optimizer: Any) -> Iterator[None]:
    """While open, a plain SGD, Adagrad, Ftrl or Adam of Keras updates float32 variables by kernels."""
    kernel = _KERNELS.get(type(optimizer))
    if kernel is None or getattr(optimizer, "momentum", None) or getattr(optimizer, "amsgrad", None):
        yield
        return
    formula = optimizer.update_step

    def update_step(gradient: Any, variable: Any, learning_rate: Any) -> None:
        if variable.dtype in ("float32", tf.float32):
            kernel(optimizer, tf.cast(learning_rate, tf.float32), raw(variable), gradient)
        else:
            formula(gradient, variable, learning_rate)

    optimizer.update_step = update_step
    try:
        yield
    finally:
        del optimizer.update_step


def _sgd(optimizer: Any, rate: Any, variable: Any, gradient: Any) -> None:
    if isinstance(gradient, tf.IndexedSlices):
        variable.scatter_sub(tf.IndexedSlices(gradient.values * rate, gradient.indices))
    else:
        _ops.ResourceApplyGradientDescent(var=variable.handle, alpha=rate, delta=gradient)


def _adagrad(optimizer: Any, rate: Any, variable: Any, gradient: Any) -> None:
    """Source: Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html."""
    (squares,) = _slots(optimizer, variable, "_accumulators")
    own = {"var": variable.handle, "accum": squares, "lr": rate, "epsilon": tf.constant(optimizer.epsilon)}
    if isinstance(gradient, tf.IndexedSlices):
        _ops.ResourceSparseApplyAdagradV2(**own, grad=gradient.values, indices=gradient.indices)
    else:
        _ops.ResourceApplyAdagradV2(**own, grad=gradient)


def _ftrl(optimizer: Any, rate: Any, variable: Any, gradient: Any) -> None:
    """Source: McMahan et al. 2013, https://research.google/pubs/pub41159/, algorithm 1."""
    squares, linear = _slots(optimizer, variable, "_accumulators", "_linears")
    own = {
        "var": variable.handle,
        "accum": squares,
        "linear": linear,
        "lr": rate,
        "l1": tf.constant(float(optimizer.l1_regularization_strength)),
        "l2": optimizer.l2_regularization_strength + optimizer.beta / (2.0 * rate),
        "l2_shrinkage": tf.constant(float(optimizer.l2_shrinkage_regularization_strength)),
        "lr_power": tf.constant(float(optimizer.learning_rate_power)),
    }
    if isinstance(gradient, tf.IndexedSlices):
        _ops.ResourceSparseApplyFtrlV2(**own, grad=gradient.values, indices=gradient.indices)
    else:
        _ops.ResourceApplyFtrlV2(**own, grad=gradient)


def _adam(optimizer: Any, rate: Any, variable: Any, gradient: Any) -> None:
    """Source: Kingma and Ba 2014, https://arxiv.org/abs/1412.6980; all rows move, named or not."""
    mean, square = _slots(optimizer, variable, "_momentums", "_velocities")
    steps = tf.cast(raw(optimizer.iterations) + 1, tf.float32)
    _ops.ResourceApplyAdam(
        var=variable.handle,
        m=mean,
        v=square,
        beta1_power=optimizer.beta_1**steps,
        beta2_power=optimizer.beta_2**steps,
        lr=rate,
        beta1=tf.constant(optimizer.beta_1),
        beta2=tf.constant(optimizer.beta_2),
        epsilon=tf.constant(optimizer.epsilon),
        grad=_whole(gradient, variable),
    )


def _whole(gradient: Any, variable: Any) -> Any:
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    return tf.scatter_nd(
        gradient.indices[:, None], gradient.values, tf.constant(variable.shape.as_list(), gradient.indices.dtype)
    )


def _slots(optimizer: Any, variable: Any, *names: str) -> list[Any]:
    trained = next(v for v in optimizer._trainable_variables if raw(v) is variable)
    index = optimizer._get_variable_index(trained)
    return [raw(getattr(optimizer, name)[index]).handle for name in names]


_KERNELS: dict[Any, Callable[..., None]] = {
    keras.optimizers.SGD: _sgd,
    keras.optimizers.Adagrad: _adagrad,
    keras.optimizers.Ftrl: _ftrl,
    keras.optimizers.Adam: _adam,
}
