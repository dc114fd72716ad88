"""A place in which one object hears of every call of a Keras layer, and nothing is compiled."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, Protocol

import keras
import tensorflow as tf

__all__ = ["Hearer", "Run", "heard", "unheard"]

Run = Callable[[], Any]
"""Computes something again."""


class Hearer(Protocol):
    """Hears of calls."""

    def called(self, layer: keras.Operation, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Must give what `call(*args, **kwargs)` gives."""


_current: ContextVar[Hearer | None] = ContextVar("hearer", default=None)
_lock = threading.Lock()
_plain: dict[type, Callable[..., Any]] = {}
_open = 0


@contextmanager
def heard(hearer: Hearer) -> Iterator[None]:
    """While the body runs in this thread, `hearer` hears of every layer and of every operation of a functional model.

    `tf.function`s run eagerly and Keras leaves errors as they are; afterwards all is as before, also after an error.
    """
    eagerly, filtering = tf.config.functions_run_eagerly(), keras.config.is_traceback_filtering_enabled()
    _patch()
    before = _current.set(hearer)
    try:
        tf.config.run_functions_eagerly(True)
        keras.config.disable_traceback_filtering()
        yield
    finally:
        tf.config.run_functions_eagerly(eagerly)
        if filtering:
            keras.config.enable_traceback_filtering()
        _current.reset(before)
        _unpatch()


@contextmanager
def unheard() -> Iterator[None]:
    """While the body runs, nobody hears."""
    before = _current.set(None)
    try:
        yield
    finally:
        _current.reset(before)


def _patch() -> None:
    global _open  # noqa: PLW0603
    with _lock:
        if not _open:
            for kind in (keras.layers.Layer, keras.Operation):
                _plain[kind] = kind.__call__
                kind.__call__ = _telling(kind.__call__, kind)
        _open += 1


def _unpatch() -> None:
    global _open  # noqa: PLW0603
    with _lock:
        _open -= 1
        if not _open:
            for kind, plain in _plain.items():
                kind.__call__ = plain  # type: ignore[method-assign]


def _telling(plain: Callable[..., Any], kind: type) -> Callable[..., Any]:
    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        hearer = _current.get()
        # A layer goes on to the call of its base class, Operation, which must not tell a second time.
        if hearer is None or (kind is keras.Operation and isinstance(layer, keras.layers.Layer)):
            return plain(layer, *args, **kwargs)
        return hearer.called(layer, partial(plain, layer), args, kwargs)

    return call
