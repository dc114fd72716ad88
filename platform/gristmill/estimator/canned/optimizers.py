"""Optimizers of canned estimators: given, named or made by a function, anew for each training, with 2.15's names."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.naming import give_name

__all__ = ["Optimizer", "fresh_optimizer", "name_slots"]

Optimizer = Any
"""The name of one of `NAMES`, a Keras optimizer, or a function that gives one."""

NAMES = {
    "Adagrad": keras.optimizers.Adagrad,
    "Adam": keras.optimizers.Adam,
    "Ftrl": keras.optimizers.Ftrl,
    "RMSProp": keras.optimizers.RMSprop,
    "SGD": keras.optimizers.SGD,
}
_SLOTS = {
    "Adagrad": {"_accumulators": "accumulator"},
    "Adam": {"_momentums": "m", "_velocities": "v", "_velocity_hats": "vhat"},
    "Ftrl": {"_accumulators": "accumulator", "_linears": "linear"},
    "RMSprop": {"_velocities": "rms", "_momentums": "momentum", "_average_gradients": "mg"},
    "SGD": {"momentums": "momentum"},
}
"""How tf.estimator 2.15 calls what an optimizer keeps beside a variable, by the attribute that Keras 3 keeps it in."""


def fresh_optimizer(given: Optimizer, learning_rate: float | None) -> Any:
    """An optimizer that has trained nothing yet.

    Args:
        given: See `Optimizer`; an optimizer is copied, so that each training begins with a new one.
        learning_rate: Of one that is named; None for its own.

    Raises:
        ArgumentError: It is none of them.
    """
    if isinstance(given, str):
        if given not in NAMES:
            raise ArgumentError(f"an optimizer's name must be one of {', '.join(sorted(NAMES))}. Received: {given!r}")
        return NAMES[given]() if learning_rate is None else NAMES[given](learning_rate=learning_rate)
    if callable(given) and not isinstance(given, keras.optimizers.Optimizer | tf.compat.v1.train.Optimizer):
        given = given()
        if isinstance(given, keras.optimizers.Optimizer) and not given.built:
            return given
    if isinstance(given, keras.optimizers.Optimizer):
        with tf.init_scope():
            return type(given).from_config(given.get_config())
    if isinstance(given, tf.compat.v1.train.Optimizer):
        return given
    raise ArgumentError(
        f"optimizer must be a name, a Keras optimizer or a function that gives one. Received: {given!r}"
    )


def name_slots(optimizer: Any, variables: Sequence[Any], names: Sequence[str]) -> None:
    """Names what a Keras optimizer keeps as 2.15 did: `training/Ftrl/VARIABLE/linear`, in the graph that is traced.

    Args:
        optimizer: Any optimizer; one of TensorFlow 1 names its own.
        variables: What it trains.
        names: Their names in checkpoints.
    """
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return
    kind = type(optimizer).__name__
    if not optimizer.built:
        optimizer.build(list(variables))
    known = {id(optimizer.iterations)}
    give_name(optimizer.iterations.value, f"training/{kind}/iter")
    for attribute, slot in _SLOTS.get(kind, {}).items():
        for name, kept in zip(names, getattr(optimizer, attribute, None) or (), strict=False):
            known.add(id(kept))
            give_name(kept.value, f"training/{kind}/{name}/{slot}")
    for number, other in enumerate(one for one in optimizer.variables if id(one) not in known):
        give_name(other.value, f"training/{kind}/{other.name if other.name == 'learning_rate' else number}")
