"""Templates: a function of layers whose weights are made at its first call and found again at every later one."""

import threading
from collections.abc import Callable
from typing import Any

import keras

from gristmill.errors import InputError
from gristmill.layers.held import Held
from gristmill.layers.names import checked, free, joined
from gristmill.layers.place import Place
from gristmill.layers.scoping import opened
from gristmill.layers.store import Store, current_place, is_default

__all__ = ["Template", "make_template"]


class Template(Held):
    """A function with its layers; `make_template` makes one.

    Args:
        name: Its scope, and so the start of its layers' names.
        function: Calls layer functions; must call them in the same order each time, or name them.
        arguments: Keyword arguments that every call of the function gets.
    """

    def __init__(self, name: str, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
        if not callable(function):
            raise InputError(f"the function of template {name!r} must be callable. Received: {function!r}")
        checked("scope", name)
        outer = current_place()
        if is_default(outer.store):
            self.store, self.path = Store(), name
        else:
            name = free(name, outer.used.__contains__)
            outer.used.add(name)
            self.store, self.path = outer.store, joined(outer.path, name)
        self._function, self._arguments = function, arguments
        self._first = threading.RLock()
        self._made = False

    @property
    def name(self) -> str:
        """Its scope, such as `net` or `tower/net`."""
        return self.path

    @property
    def layers(self) -> list[keras.layers.Layer]:
        """The Keras layers made by the first call; none before it."""
        return self.store.under(self.path)

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Calls the function: the first time layers are made, later they are found again, in the same order.

        Raises:
            InputError: A later call asks for a layer that the first did not make, or for other arguments. Where the first
                call fails, whatever with, its layers are forgotten.
        """
        if self._made:
            return self._call(True, inputs, options)
        with self._first:
            if self._made:
                return self._call(True, inputs, options)
            before = set(self.store.paths())
            try:
                outputs = self._call(None, inputs, options)
            except BaseException:
                self._forget(set(self.store.paths()) - before)
                raise
            self._made = True
            return outputs

    def _call(self, reuse: bool | None, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        caller = current_place()
        if caller.store is not self.store and not is_default(caller.store):
            caller.store.adopt(caller.path, self.store, self.path)
        with opened(Place(self.store, self.path, reuse)):
            return self._function(*inputs, **self._arguments, **options)

    def _forget(self, made: set[str]) -> None:
        for path in made:
            if path.startswith(f"{self.path}/"):
                self.store.forget(path)


def make_template(name: str, function: Callable[..., Any], /, **arguments: Any) -> Template:
    """A function of layers that keeps its weights, as `tf.make_template` made.

        net = layers.make_template("net", lambda x: layers.dense(layers.dense(x, 16, "relu"), 1))
        net(inputs)                # makes net/dense and net/dense_1
        net(inputs)                # the same weights, also in a tf.function
        net.trainable_variables

    It lives in a store of its own, or, made while a `Store` is current, in that one, under a name that is new there. A
    store that is current while it is called counts its variables too. It works on eager tensors, NumPy arrays and
    KerasTensors alike: the weights are one set. A Keras layer or subclassed model that calls one does not count its
    variables as its own; a functional model does.

    Args:
        name: Its scope, and so the start of its layers' names.
        function: Calls layer functions; must call them in the same order each time, or name them.
        arguments: Keyword arguments that every call of the function gets.

    Raises:
        InputError: A name that is not allowed, or a function that is none.
    """
    return Template(name, function, arguments)
