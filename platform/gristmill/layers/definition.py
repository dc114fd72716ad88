"""A layer function is its signature: the decorator that makes one of a Keras class."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

import keras
import tensorflow as tf

from gristmill.errors import unknown_name
from gristmill.layers.run import run

__all__ = ["layer_function"]

Function = TypeVar("Function", bound=Callable[..., Any])
Prepare = Callable[[dict[str, Any]], dict[str, Any]]


def layer_function(kind: type[keras.layers.Layer], prepare: Prepare = dict) -> Callable[[Function], Function]:
    """Makes a function that has a signature and a docstring, and no body, one that finds or makes a layer and runs it.

    So the long argument lists stand once. AutoGraph leaves the function as it is.

    Args:
        kind: The Keras class that does the work; the function's arguments are its, after `inputs`.
        prepare: Turns the function's arguments into those of the class, where they differ.
    """

    def decorate(function: Function) -> Function:
        name, signature = function.__name__, inspect.signature(function)

        @functools.wraps(function)
        def call(*positional: Any, **named: Any) -> Any:
            return run(name, kind, prepare(_bound(name, signature, positional, named)))

        return cast(Function, functools.wraps(function)(tf.autograph.experimental.do_not_convert(call)))

    return decorate


def _bound(
    function: str, signature: inspect.Signature, positional: tuple[Any, ...], named: dict[str, Any]
) -> dict[str, Any]:
    """The arguments of a call by name, defaults included."""
    for name in named:
        if name not in signature.parameters:
            raise unknown_name(f"argument of {function}", name, signature.parameters)
    try:
        bound = signature.bind(*positional, **named)
    except TypeError as error:
        raise TypeError(f"{function}: {error}") from error
    bound.apply_defaults()
    return bound.arguments
