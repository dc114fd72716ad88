"""Functions from features to logits: those of the canned estimators to build models with, and the call of any."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tensorflow as tf

from gristmill.estimator.calls import arguments_of
from gristmill.estimator.canned.hidden import HiddenLayers
from gristmill.estimator.columns import DenseInput, LinearLogits
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.naming import give_name

__all__ = ["call_logit_fn", "dnn_logit_fn_builder", "linear_logit_fn_builder"]


def call_logit_fn(
    logit_fn: Callable[..., Any], features: Any, mode: str, params: Mapping[str, Any] | None, config: Any
) -> Any:
    """Calls a function of `features` with those of `mode`, `params` and `config` that it takes.

    Returns:
        What it gives: logits, or logits by name.

    Raises:
        ArgumentError: It gives something else.
    """
    names = arguments_of(logit_fn)
    known = {"mode": mode, "params": params, "config": config}
    logits = logit_fn(features=features, **{name: value for name, value in known.items() if name in names})
    named = logits if isinstance(logits, dict) else {"logits": logits}
    if all(isinstance(name, str) and isinstance(value, tf.Tensor) for name, value in named.items()):
        return logits
    raise ArgumentError(f"logit_fn must give a tensor, or a dict of tensors by name. Received: {logits!r}")


def dnn_logit_fn_builder(
    units: int,
    hidden_units: Iterable[int],
    feature_columns: Iterable[Any],
    activation_fn: Callable[[Any], Any] | None,
    dropout: float | None,
    batch_norm: bool,
) -> Callable[[Any, str], Any]:
    """Makes a function of `features` and `mode` that gives the logits `[batch, units]` of a network.

    Each call makes new variables, named `dnn/...` as those of `DNNClassifier`.

    Args:
        units: Logits an example; with a `MultiHead` the sum over its heads.
        hidden_units: Widths of the hidden layers.
        feature_columns: Dense columns of `tf.feature_column`, or columns of `gristmill.features`.
        activation_fn: Of the hidden layers; None takes relu.
        dropout: Share of each hidden layer's outputs that training drops; None for none.
        batch_norm: Whether each hidden layer's outputs are normalised.

    Raises:
        ArgumentError: `units` is no positive integer.
    """
    _check(units)
    widths, columns = list(hidden_units), list(feature_columns)

    def dnn_logit_fn(features: Any, mode: str) -> Any:
        """Logits of a batch."""
        training = mode == ModeKeys.TRAIN
        layers = HiddenLayers(widths, units, activation_fn, dropout, batch_norm)
        return layers(DenseInput(columns)(features, training), training)

    return dnn_logit_fn


def linear_logit_fn_builder(
    units: int, feature_columns: Iterable[Any], sparse_combiner: str = "sum"
) -> Callable[[Any], Any]:
    """Makes a function of `features` that gives the logits `[batch, units]` of a linear model.

    Each call makes new variables, zeros, named `linear_model/...`.

    Args:
        units: Logits an example.
        feature_columns: Columns of `tf.feature_column` or `gristmill.features`.
        sparse_combiner: How several values of a categorical column go together: `sum`, `mean` or `sqrtn`.

    Raises:
        ArgumentError: `units` is no positive integer.
    """
    _check(units)
    columns = list(feature_columns)

    def linear_logit_fn(features: Any) -> Any:
        """Logits of a batch."""
        linear = LinearLogits(columns, units, sparse_combiner)
        if not tf.executing_eagerly():
            for name, variable in zip(linear.names, linear.variables, strict=True):
                give_name(variable, name.removeprefix("linear/"))
        return linear(features)

    return linear_logit_fn


def _check(units: Any) -> None:
    if not isinstance(units, int) or units < 1:
        raise ArgumentError(f"`units` must be a positive integer. Received: units={units!r}")
