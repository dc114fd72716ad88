"""Reuse is for the same layer: what differs between a layer and the arguments of a later call."""

import functools
import numbers
from collections.abc import Mapping
from types import FunctionType
from typing import Any

import keras

from gristmill.errors import InputError

__all__ = ["check_arguments", "check_width"]

_PLAIN = (numbers.Number, str, tuple, dict, type(None))


def check_arguments(path: str, layer: keras.layers.Layer, kind: type, arguments: Mapping[str, Any]) -> None:
    """Refuses arguments other than those that a layer was made with.

    Initializers and `trainable` are not compared: they had their say when the variables were made, as in tf.layers.

    Args:
        path: The layer's path, for the error.
        layer: The layer that is there.
        kind: The class of layer asked for.
        arguments: The arguments asked for, as Keras takes them.

    Raises:
        InputError: The class or an argument differs; the text names what was and what came.
    """
    if not isinstance(layer, kind):
        raise InputError(f"layer {path!r} is a {type(layer).__name__} and must stay one. Received: a {kind.__name__}")
    differing = [
        f"`{name}` was {_shown(kept)}, received {name}={_shown(given)}"
        for name, given in arguments.items()
        if name != "trainable" and not name.endswith("_initializer")
        for kept in [getattr(layer, name)]
        if not _same(_alike(given, kept), kept)
    ]
    if differing:
        raise InputError(f"layer {path!r} must be reused with the arguments it was made with: {'; '.join(differing)}")


def check_width(path: str, layer: keras.layers.Layer, inputs: Any) -> None:
    """Refuses inputs of another rank or width than those that a layer's weights were made for.

    Raises:
        InputError: The text names the axis and both sizes.
    """
    spec, shape = layer.input_spec, getattr(inputs, "shape", None)
    if not layer.built or spec is None or isinstance(spec, list) or shape is None or shape == ():
        return
    if len(shape) < max([spec.min_ndim or 0, *(axis + 1 if axis >= 0 else -axis for axis in spec.axes or {})]):
        return  # Keras says it: too few axes are wrong for a new layer too
    for axis, size in (spec.axes or {}).items():
        if size is not None and shape[axis] is not None and shape[axis] != size:
            raise InputError(
                f"layer {path!r} has weights for inputs of size {size} along axis {axis}. "
                f"Received: shape {tuple(shape)}, so {shape[axis]}"
            )


def _alike(given: Any, kept: Any) -> Any:
    """An argument in the form in which Keras keeps it: 3 as (3, 3), [3, 3] as (3, 3), SAME as same."""
    if isinstance(kept, tuple):
        return (given,) * len(kept) if isinstance(given, numbers.Number) else tuple(given or ())
    return given.lower() if isinstance(given, str) else given


def _same(one: Any, other: Any) -> bool:
    """Whether two arguments mean the same; functions made anew by the same line of code do, with the same values."""
    if one is other:
        return True
    if isinstance(one, _PLAIN) and isinstance(other, _PLAIN):
        return bool(one == other)
    if type(one) is not type(other):
        return False
    if isinstance(one, functools.partial):
        return _same(one.func, other.func) and one.args == other.args and one.keywords == other.keywords
    if isinstance(one, FunctionType):
        return one.__code__ == other.__code__ and _all_same(_values(one), _values(other))
    return hasattr(one, "get_config") and one.get_config() == other.get_config()


def _all_same(some: list[Any], others: list[Any]) -> bool:
    return len(some) == len(others) and all(_same(one, other) for one, other in zip(some, others, strict=True))


def _values(function: FunctionType) -> list[Any]:
    """What a function took with it where it was made."""
    return [*(cell.cell_contents for cell in function.__closure__ or ()), *(function.__defaults__ or ())]


def _shown(value: Any) -> str:
    if isinstance(value, _PLAIN):
        return repr(value)
    config = f"({value.get_config()})" if hasattr(value, "get_config") else ""
    return f"{getattr(value, '__name__', type(value).__name__)}{config}"
