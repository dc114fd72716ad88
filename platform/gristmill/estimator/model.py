"""The Keras models of the canned estimators: linear, deep, or both with their logits added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from gristmill.errors import InputError
from gristmill.features import Column

__all__ = ["WideDeep", "build_wide_deep", "call_model"]


@dataclass(frozen=True)
class WideDeep:
    """A model that gives logits `[batch]`, and which of its variables belong to which half."""

    model: keras.Model
    linear: list[keras.Variable]
    deep: list[keras.Variable]


@keras.saving.register_keras_serializable(package="gristmill")
class Bias(keras.layers.Layer):
    """Adds one trained number."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the number."""
        self.bias = self.add_weight(shape=(1,), initializer="zeros", name="bias")

    def call(self, logits: keras.KerasTensor) -> keras.KerasTensor:
        """`[batch, 1]` to `[batch, 1]`."""
        return logits + self.bias


def build_wide_deep(
    linear_columns: Sequence[Column],
    dnn_columns: Sequence[Column],
    hidden_units: Sequence[int] = (),
    dropout: float = 0.0,
    embedding_dropout: float = 0.0,
) -> WideDeep:
    """Builds `logit = bias + sum of wide weights + network(deep columns)`.

    Source: Cheng et al. 2016, https://arxiv.org/abs/1606.07792

    Args:
        linear_columns: Columns of the linear half; may be empty.
        dnn_columns: Columns of the network; may be empty.
        hidden_units: Widths of the network's layers.
        dropout: Share of each hidden layer's outputs that training drops.
        embedding_dropout: The same for the network's input.

    Raises:
        InputError: No column at all, or a network without hidden layers.
    """
    columns = [*linear_columns, *dnn_columns]
    if not columns:
        raise InputError("a model must have at least one column. Received: none")
    if dnn_columns and not hidden_units:
        raise InputError("a network must have at least one hidden layer. Received: hidden_units=()")
    inputs: dict[str, keras.KerasTensor] = {}
    for column in columns:
        inputs |= {name: tensor for name, tensor in column.inputs().items() if name not in inputs}
    tensors = dict(inputs)
    parts = [column.wide(tensors) for column in linear_columns]
    linear_names = {part._keras_history.operation.name for part in parts} | ({"linear_bias"} if parts else set())
    if dnn_columns:
        parts.append(
            _network([column.deep(tensors) for column in dnn_columns], hidden_units, dropout, embedding_dropout)
        )
    total = keras.layers.Add(name="add_logits")(parts) if len(parts) > 1 else parts[0]
    logits = keras.layers.Reshape((), name="logits")(Bias(name="linear_bias")(total))
    model = keras.Model(inputs, logits)
    linear = [v for layer in model.layers if layer.name in linear_names for v in layer.trainable_variables]
    known = {id(variable) for variable in linear}
    return WideDeep(model, linear, [v for v in model.trainable_variables if id(v) not in known])


def call_model(model: keras.Model, features: Mapping[str, Any], training: bool = False) -> Any:
    """Calls a model with the features that it reads.

    Keras 3 feeds inputs by their order, with no more than a warning, where a dict has other keys than the model; so the
    model's own are picked by name.

    Raises:
        InputError: A feature that the model reads is not there.
    """
    missing = [name for name in model.input if name not in features]
    if missing:
        raise InputError(f"features must hold {', '.join(missing)}. Received: {', '.join(sorted(features))}")
    return model({name: features[name] for name in model.input}, training=training)


def _network(
    parts: list[keras.KerasTensor], hidden_units: Sequence[int], dropout: float, embedding_dropout: float
) -> keras.KerasTensor:
    hidden = keras.layers.Concatenate(name="deep_input")(parts) if len(parts) > 1 else parts[0]
    if embedding_dropout:
        hidden = keras.layers.Dropout(embedding_dropout, name="deep_input_dropout")(hidden)
    for index, units in enumerate(hidden_units):
        hidden = keras.layers.Dense(units, activation="relu", name=f"hidden_{index}")(hidden)
        if dropout:
            hidden = keras.layers.Dropout(dropout, name=f"hidden_{index}_dropout")(hidden)
    return keras.layers.Dense(1, use_bias=False, name="deep_logit")(hidden)
