"""Logits of a linear part, a network, or both added up (Cheng et al. 2016, https://arxiv.org/abs/1606.07792)."""

from collections.abc import Mapping
from typing import Any, get_args

import keras
import tensorflow as tf

from gristmill.estimator.canned.hidden import HiddenLayers
from gristmill.estimator.canned.keras_model import build_wide_deep, call_model
from gristmill.estimator.canned.parts import DeepPart, LinearPart
from gristmill.estimator.columns import DenseInput, LinearLogits, Shared
from gristmill.estimator.columns.features import Reader
from gristmill.estimator.errors import ArgumentError
from gristmill.features import Column
from gristmill.training.values import raw

__all__ = ["Network", "are_own"]


def are_own(*parts: LinearPart | DeepPart | None) -> bool:
    """Whether every column of the parts is one of `gristmill.features`, so that the model is a Keras model."""
    columns = [column for part in parts if part is not None for column in part.columns]
    return bool(columns) and all(isinstance(column, get_args(Column)) for column in columns)


class Network:
    """Gives the logits of features, and has the variables behind them.

    Args:
        linear: The linear part.
        deep: The network.
        units: Logits an example.

    Raises:
        ArgumentError: There is no part.
    """

    def __init__(self, linear: LinearPart | None, deep: DeepPart | None, units: int) -> None:
        if linear is None and deep is None:
            raise ArgumentError("feature columns must be given, of a linear part or of a network. Received: none")
        self._units = units
        self._built = build_wide_deep(linear, deep, units) if are_own(linear, deep) else None
        self._read = Reader([*(linear.columns if linear else ()), *(deep.columns if deep else ())])
        self._wide = self._inputs = self._layers = None
        shared = Shared()
        if self._built is None and linear is not None:
            self._wide = LinearLogits(linear.columns, units, linear.sparse_combiner, shared)
        if self._built is None and deep is not None:
            self._inputs = DenseInput(deep.columns, shared=shared)
            self._layers = HiddenLayers(deep.hidden_units, units, deep.activation_fn, deep.dropout, deep.batch_norm)

    @property
    def model(self) -> keras.Model | None:
        """The Keras model that it is where all columns are gristmill's own, else None."""
        return self._built.model if self._built is not None else None

    @property
    def wide(self) -> LinearLogits | None:
        """The linear part over TensorFlow's columns."""
        return self._wide

    def __call__(self, features: Mapping[str, Any], training: bool) -> Any:
        """Logits `[batch, units]`; the first call makes the variables.

        Raises:
            ArgumentError: Features are no dict, or lack what a column reads, or have a type, shape or index that it does not
                read.
        """
        if not isinstance(features, Mapping):
            raise ArgumentError(f"features must be a dict of tensors. Received: {type(features).__name__}")
        if self._built is not None:
            logits = call_model(self._built.model, self._read(features).tensors, training)
            return logits[:, None] if self._units == 1 else logits
        parts = []
        if self._inputs is not None and self._layers is not None:
            parts.append(self._layers(self._inputs(features, training=training), training))
        if self._wide is not None:
            parts.append(self._wide(features))
        return sum(parts[1:], parts[0])

    @property
    def words(self) -> Mapping[str, str]:
        """The fingerprints of the columns' vocabularies, by features."""
        return self._read.words

    @property
    def linear(self) -> list[Any]:
        """The trained variables of the linear part."""
        if self._built is not None:
            return self._built.linear
        return list(self._wide.variables) if self._wide is not None else []

    @property
    def deep(self) -> list[Any]:
        """The trained variables of the network."""
        if self._built is not None:
            return self._built.deep
        if self._inputs is None or self._layers is None:
            return []
        return [variable for variable in self._inputs.variables if variable.trainable] + self._layers.variables

    @property
    def state(self) -> list[Any]:
        """The variables that no optimizer trains."""
        if self._built is not None:
            return list(self._built.model.non_trainable_variables)
        if self._inputs is None or self._layers is None:
            return []
        return [variable for variable in self._inputs.variables if not variable.trainable] + self._layers.state

    @property
    def named(self) -> dict[str, tf.Variable]:
        """All of its variables by their names in checkpoints."""
        made = {
            name.partition(":")[0]: v for v in map(raw, [*self.linear, *self.deep, *self.state]) for name in [v.name]
        }
        theirs = {
            id(raw(variable)): name
            for part in (self._wide, self._inputs)
            if part is not None
            for name, variable in zip(part.names, part.variables, strict=True)
        }
        return {theirs.get(id(variable), name): variable for name, variable in made.items()}
