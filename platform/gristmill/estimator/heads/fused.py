"""Updates of Keras optimizers by TensorFlow's own kernels, one operation a variable, where their options allow it.

The kernels are those that tf.estimator's optimizers ran, so that a step is the same step. Keras' formulas in single
operations take several times as long where variables are small. They differ in one place: Adagrad adds its epsilon to the
root here, and to the square there.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from gristmill.training.values import raw

__all__ = ["apply_fused", "is_fused"]

_ops = tf.raw_ops
_PLAIN = {
    "weight_decay": (None, 0, 0.0),
    "clipnorm": (None,),
    "global_clipnorm": (None,),
    "clipvalue": (None,),
    "use_ema": (False,),
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None,),
    "amsgrad": (False,),
    "nesterov": (False,),
    "momentum": (0, 0.0),
}


def is_fused(optimizer: Any) -> bool:
    """Whether the kernels compute what it computes."""
    config = optimizer.get_config() if type(optimizer) in _KERNELS else {}
    return bool(config) and all(config[name] in plain for name, plain in _PLAIN.items() if name in config)


def apply_fused(optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any]) -> None:
    """Updates variables, each once, and counts the step.

    Args:
        optimizer: One that `is_fused` lets pass, built for these variables or more.
        gradients: A tensor, or the rows of one, each row once.
        variables: Their variables.
    """
    kernel = _KERNELS[type(optimizer)]
    rate = tf.cast(optimizer.learning_rate, tf.float32)
    for gradient, variable in zip(gradients, variables, strict=True):
        place = optimizer._get_variable_index(variable)
        kernel(optimizer, rate, raw(variable), gradient, place)
    raw(optimizer.iterations).assign_add(1)


def _sgd(optimizer: Any, rate: Any, variable: Any, gradient: Any, place: int) -> None:
    if isinstance(gradient, tf.IndexedSlices):
        variable.scatter_sub(tf.IndexedSlices(gradient.values * rate, gradient.indices))
    else:
        _ops.ResourceApplyGradientDescent(var=variable.handle, alpha=rate, delta=gradient)


def _adagrad(optimizer: Any, rate: Any, variable: Any, gradient: Any, place: int) -> None:
    own = {
        "var": variable.handle,
        "accum": raw(optimizer._accumulators[place]).handle,
        "lr": rate,
        "epsilon": tf.constant(optimizer.epsilon),
    }
    if isinstance(gradient, tf.IndexedSlices):
        _ops.ResourceSparseApplyAdagradV2(**own, grad=gradient.values, indices=gradient.indices)
    else:
        _ops.ResourceApplyAdagradV2(**own, grad=gradient)


def _ftrl(optimizer: Any, rate: Any, variable: Any, gradient: Any, place: int) -> None:
    own = {
        "var": variable.handle,
        "accum": raw(optimizer._accumulators[place]).handle,
        "linear": raw(optimizer._linears[place]).handle,
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


def _adam(optimizer: Any, rate: Any, variable: Any, gradient: Any, place: int) -> None:
    steps = tf.cast(raw(optimizer.iterations) + 1, tf.float32)
    _ops.ResourceApplyAdam(
        var=variable.handle,
        m=raw(optimizer._momentums[place]).handle,
        v=raw(optimizer._velocities[place]).handle,
        beta1_power=optimizer.beta_1**steps,
        beta2_power=optimizer.beta_2**steps,
        lr=rate,
        beta1=tf.constant(optimizer.beta_1),
        beta2=tf.constant(optimizer.beta_2),
        epsilon=tf.constant(optimizer.epsilon),
        grad=tf.convert_to_tensor(gradient),
    )


_KERNELS: dict[Any, Callable[..., None]] = {
    keras.optimizers.SGD: _sgd,
    keras.optimizers.Adagrad: _adagrad,
    keras.optimizers.Ftrl: _ftrl,
    keras.optimizers.Adam: _adam,
}
