"""Finds the layer in which a gradient stops being finite on its way back from the loss."""

import inspect
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from gristmill.eager.hook import heard
from gristmill.eager.lines import is_users
from gristmill.eager.values import bad, is_symbolic

__all__ = ["first_bad_gradient"]


def first_bad_gradient(run: Callable[[], Any]) -> tuple[str, str]:
    """What was first, such as `layer root (Sqrt) gives back infinity in 1 of 4 values`, and where the layer is defined.

    Args:
        run: Computes loss and gradients again.
    """
    way = _Way()
    with heard(way):
        run()
    return way.first or ("", "")


class _Way:
    """Hears of layers, and puts a look at the gradient before and after each."""

    def __init__(self) -> None:
        self.first: tuple[str, str] | None = None

    def called(self, layer: keras.Operation, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if not tf.executing_eagerly() or is_symbolic([*args, *kwargs.values()]):
            return call(*args, **kwargs)
        args, kwargs = self._through((args, kwargs), layer, "gives back")
        return self._through(call(*args, **kwargs), layer, "is given, by what comes after it,")

    def _through(self, structure: Any, layer: keras.Operation, does: str) -> Any:
        return keras.tree.map_structure(lambda part: self._looked_at(part, layer, does), structure)

    def _looked_at(self, part: Any, layer: keras.Operation, does: str) -> Any:
        if not isinstance(part, tf.Tensor) or not part.dtype.is_floating:
            return part

        def look(gradient: Any) -> Any:
            wrong = bad(gradient)
            if wrong and self.first is None:
                self.first = (f"layer `{layer.name}` ({type(layer).__name__}) {does} {wrong}", _defined(layer))
            return gradient

        same = tf.custom_gradient(lambda x: (tf.identity(x), look))(part)
        mask = getattr(part, "_keras_mask", None)
        if mask is not None:
            same._keras_mask = mask
        return same


def _defined(layer: keras.Operation) -> str:
    """`FILE:LINE: SOURCE` of the head of a user's `call`."""
    file = inspect.getsourcefile(type(layer).call) or ""
    if not is_users(file):
        return ""
    lines, first = inspect.getsourcelines(type(layer).call)
    return f"{file}:{first}: `{lines[0].strip()}`"
