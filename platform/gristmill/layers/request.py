"""What one call of a layer function asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from gristmill.errors import InputError
from gristmill.layers.arguments import as_keras
from gristmill.layers.names import checked, keras_name
from gristmill.layers.place import Reuse, checked_reuse
from gristmill.layers.switch import switched

__all__ = ["Request", "requested"]


@dataclass(frozen=True)
class Request:
    """A layer asked for.

    Args:
        function: The function called; unnamed layers are numbered by its name.
        kind: The Keras class of a layer that is there, and of one that is made.
        arguments: The arguments of that class, as Keras takes them.
        name: The layer's name, if one was given.
        reuse: None, True or `auto`.
        shares: Whether the layer has weights to share, and so heeds `reuse`.
        switch: Whether the training mode is a tensor of a functional model.
    """

    function: str
    kind: type[keras.layers.Layer]
    arguments: Mapping[str, Any]
    name: str | None
    reuse: Reuse
    shares: bool
    switch: bool

    @property
    def has_state(self) -> bool:
        """Whether the layer has variables: weights, or the state of random numbers."""
        return self.shares or self.kind is keras.layers.Dropout

    def make(self, path: str) -> keras.layers.Layer:
        """Makes the layer.

        Raises:
            InputError: Keras refuses an argument, or the layer would be made in one replica of a distribution strategy.
        """
        self._check_replica(path)
        kind = switched(self.kind) if self.switch else self.kind
        try:
            return kind(**self.arguments, name=keras_name(path))
        except (TypeError, ValueError) as error:
            raise InputError(f"{self.function} {path!r}: {error}") from error

    def _check_replica(self, path: str) -> None:
        if self.has_state and tf.distribute.has_strategy() and not tf.distribute.in_cross_replica_context():
            raise InputError(
                f"layer {path!r} must be made before `strategy.run`, which only takes layers: call the template or "
                "model once within `strategy.scope()`. Received: a first call in one replica"
            )


def requested(function: str, kind: type[keras.layers.Layer], arguments: dict[str, Any], switch: bool) -> Request:
    """What the arguments of a layer function ask for.

    Raises:
        InputError: `name`, `reuse` or the name of an activation, regularizer or constraint is not allowed.
    """
    options = {key: value for key, value in arguments.items() if key not in {"inputs", "name", "reuse", "training"}}
    name = arguments["name"]
    reuse = checked_reuse(arguments.get("reuse"))
    if reuse is True and name is None:
        raise InputError(
            f"`reuse=True` of {function} must come with the name of the layer to take. Received: name=None"
        )
    return Request(
        function,
        kind,
        as_keras(options),
        None if name is None else checked("layer", name),
        reuse,
        "reuse" in arguments,
        switch,
    )
