"""Calls of functions that the user wrote with as few arguments as they like."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["arguments_of", "call_with"]


def arguments_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the arguments that a function, a method, a partial or a callable object takes."""
    return tuple(inspect.signature(function).parameters)


def call_with(function: Callable[..., Any], known: Mapping[str, Any]) -> Any:
    """Calls a function with those of the known arguments that it names."""
    names = arguments_of(function)
    return function(**{name: value for name, value in known.items() if name in names})
