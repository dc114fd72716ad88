"""Calls of functions that the user wrote with as few arguments as they like."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gristmill.estimator.errors import ArgumentError

__all__ = ["arguments_of", "call_with", "check_arguments"]

_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def arguments_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the arguments that a function, a method, a partial or a callable object takes."""
    return tuple(inspect.signature(function).parameters)


def call_with(function: Callable[..., Any], known: Mapping[str, Any]) -> Any:
    """Calls a function with those of the known arguments that it names."""
    names = arguments_of(function)
    return function(**{name: value for name, value in known.items() if name in names})


def check_arguments(name: str, function: Callable[..., Any], known: Iterable[str]) -> None:
    """Refuses a function that must be given what is not there for it.

    Raises:
        ArgumentError: An argument without a default is none of the known ones.
    """
    parameters = inspect.signature(function).parameters.items()
    needed = [key for key, one in parameters if one.default is inspect.Parameter.empty and one.kind not in _VARIABLE]
    if not set(needed) <= set(known):
        raise ArgumentError(f"{name} may take {', '.join(known)}, and no more. Received: {', '.join(needed)}")
