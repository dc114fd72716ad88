"""The Keras models of the canned estimators: linear, deep, or both with their logits added."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from gristmill.estimator.canned.parts import DeepPart, LinearPart
from gristmill.estimator.errors import ArgumentError

__all__ = ["WideDeep", "build_wide_deep", "call_model"]


@dataclass(frozen=True)
class WideDeep:
    """A model that gives logits, `[batch]` or of several `[batch, units]`, and which of its variables belong to which half."""

    model: keras.Model
    linear: list[keras.Variable]
    deep: list[keras.Variable]


@keras.saving.register_keras_serializable(package="gristmill")
class Bias(keras.layers.Layer):
    """Adds a trained number to each logit."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the numbers."""
        self.bias = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="bias")

    def call(self, logits: keras.KerasTensor) -> keras.KerasTensor:
        """`[batch, units]` to the same."""
        return logits + self.bias


def build_wide_deep(linear: LinearPart | None, deep: DeepPart | None, units: int = 1) -> WideDeep:
    """Builds `logits = bias + sum of wide weights + network(deep columns)`.

    Source: Cheng et al. 2016, https://arxiv.org/abs/1606.07792

    Args:
        linear: The linear part, its columns gristmill's own.
        deep: The network, likewise.
        units: Logits a record.

    Raises:
        ArgumentError: There is no column at all.
    """
    linear_columns, deep_columns = (list(part.columns) if part is not None else [] for part in (linear, deep))
    if not linear_columns and not deep_columns:
        raise ArgumentError("a model must have at least one column. Received: none")
    inputs: dict[str, keras.KerasTensor] = {}
    for column in [*linear_columns, *deep_columns]:
        inputs |= {name: tensor for name, tensor in column.inputs().items() if name not in inputs}
    tensors = dict(inputs)
    parts = [column.wide(tensors, units) for column in linear_columns]
    linear_names = {part._keras_history.operation.name for part in parts} | ({"linear_bias"} if parts else set())
    if deep is not None and deep_columns:
        parts.append(_network([column.deep(tensors) for column in deep_columns], deep, units))
    total = keras.layers.Add(name="add_logits")(parts) if len(parts) > 1 else parts[0]
    logits = Bias(name="linear_bias")(total)
    if units == 1:
        logits = keras.layers.Reshape((), name="logits")(logits)
    model = keras.Model(inputs, logits)
    linear_variables = [v for layer in model.layers if layer.name in linear_names for v in layer.trainable_variables]
    known = {id(variable) for variable in linear_variables}
    return WideDeep(model, linear_variables, [v for v in model.trainable_variables if id(v) not in known])


def call_model(model: keras.Model, features: Mapping[str, Any], training: bool = False) -> Any:
    """Calls a model with the features that it reads.

    Keras 3 feeds inputs by their order, with no more than a warning, where a dict has other keys than the model; so the
    model's own are picked by name.

    Raises:
        ArgumentError: A feature that the model reads is not there.
    """
    missing = [name for name in model.input if name not in features]
    if missing:
        raise ArgumentError(f"features must hold {', '.join(missing)}. Received: {', '.join(sorted(features))}")
    return model({name: features[name] for name in model.input}, training=training)


def _network(parts: list[keras.KerasTensor], deep: DeepPart, units: int) -> keras.KerasTensor:
    hidden = keras.layers.Concatenate(name="deep_input")(parts) if len(parts) > 1 else parts[0]
    if deep.embedding_dropout:
        hidden = keras.layers.Dropout(deep.embedding_dropout, name="deep_input_dropout")(hidden)
    for index, width in enumerate(deep.hidden_units):
        activation = deep.activation_fn or "relu"
        hidden = keras.layers.Dense(width, activation=activation, name=f"hidden_{index}")(hidden)
        if deep.dropout:
            hidden = keras.layers.Dropout(deep.dropout, name=f"hidden_{index}_dropout")(hidden)
        if deep.batch_norm:
            normalize = keras.layers.BatchNormalization(momentum=0.999, name=f"hidden_{index}_batch_norm")
            hidden = normalize(hidden)
    return keras.layers.Dense(units, use_bias=False, name="deep_logit")(hidden)
