"""The arguments of tf.layers as Keras 3 takes them, and the types in their signatures."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from gristmill.errors import unknown_name

__all__ = ["Named", "Size", "as_keras"]

Named = str | Callable[..., Any] | None
"""A function or object, or the name that Keras knows it by."""

Size = int | Sequence[int]
"""One number for all axes, or one for each."""

_MODULES = {
    "activation": keras.activations,
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "constraint": keras.constraints,
}
_HELPERS = {"deserialize", "get", "serialize"}


def as_keras(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Names of functions become functions; functions of `tf.nn` that Keras has become those of Keras, which save.

    An initializer of None is Glorot's uniform one, as in tf.layers. Initializers stay as they came: they draw a seed
    when they are made.

    Raises:
        InputError: Keras knows no function of that name; the text lists near ones.
    """
    return {key: _as_keras(key, value) for key, value in arguments.items()}


def _as_keras(key: str, value: Any) -> Any:
    kind = key.rpartition("_")[2]
    if kind not in _MODULES or key == "activity":
        return value
    module = _MODULES[kind]
    if isinstance(value, str):
        try:
            found = module.get(value)
        except ValueError as error:
            known = [name for name in dir(module) if name.islower() and name[0] != "_" and name not in _HELPERS]
            raise unknown_name(kind, value, known) from error
        return value if kind == "initializer" else found
    if kind == "initializer":
        return "glorot_uniform" if value is None else value
    return module.get(_of_keras(value) if kind == "activation" else value)


def _of_keras(function: Any) -> Any:
    """The function of `keras.activations` that a function of TensorFlow's is, if there is one."""
    if not str(getattr(function, "__module__", "")).startswith("tensorflow."):
        return function
    return getattr(keras.activations, function.__name__.removesuffix("_v2"), function)
