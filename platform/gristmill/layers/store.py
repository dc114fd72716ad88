"""Stores: where layers live, by path, and for how long."""

import threading
import weakref
from typing import Any

import keras

from gristmill.errors import InputError
from gristmill.layers.held import Held
from gristmill.layers.names import near
from gristmill.layers.place import Place, enter, innermost, leave

__all__ = ["Store", "current_place", "current_store", "is_default", "reset"]


class Store(Held):
    """The layers made while it is current, each under a path of its own.

        with layers.Store() as store:
            outputs = layers.dense(inputs, 10, name="logits")
        store.layer("logits").kernel

    A store is the one owner of its layers: where it goes, they go, if no model holds them. It may be entered again, and
    by several threads; each thread, and each task of an event loop, has a current store of its own.

    Args:
        once: Whether one trace alone asks for its layers, so that there they need no place to be found again.
    """

    def __init__(self, once: bool = False) -> None:
        self.once = once
        self.lock = threading.RLock()
        self.root = Place(self)
        self._kept: dict[str, keras.layers.Layer] = {}
        self._loose: weakref.WeakValueDictionary[str, keras.layers.Layer] = weakref.WeakValueDictionary()
        self._adopted: dict[tuple[str, int, str], tuple[Store, str]] = {}

    @property
    def layers(self) -> list[keras.layers.Layer]:
        """Its own layers, then those of templates that live elsewhere and were called while it was current."""
        return self.under("")

    def layer(self, path: str) -> keras.layers.Layer:
        """The layer of a path such as `tower/dense`.

        Raises:
            InputError: There is none; the text lists near ones.
        """
        found = self.find(path)
        if found is None:
            raise InputError(f"layer {path!r} does not exist; {near(path, self.paths())}")
        return found

    def clear(self) -> None:
        """Forgets all layers and starts numbering anew; models that hold the layers keep them."""
        with self.lock:
            self._kept.clear()
            self._loose.clear()
            self._adopted.clear()
            self.root.used.clear()

    def paths(self) -> list[str]:
        """The paths of its own layers."""
        return [*self._kept, *self._loose.keys()]

    def find(self, path: str) -> keras.layers.Layer | None:
        """The layer of a path, or None."""
        return self._kept[path] if path in self._kept else self._loose.get(path)

    def keep(self, path: str, layer: keras.layers.Layer, loosely: bool = False) -> None:
        """Takes a layer in; one kept loosely stays only while something else, such as a model, holds it."""
        (self._loose if loosely else self._kept)[path] = layer

    def forget(self, path: str) -> None:
        """Lets the layer of a path go."""
        self._kept.pop(path, None)
        self._loose.pop(path, None)

    def adopt(self, path: str, store: "Store", part: str) -> None:
        """Counts what lives under a path of another store as living under a path of this one."""
        self._adopted[path, id(store), part] = (store, part)

    def under(self, path: str, seen: frozenset[tuple[int, str]] = frozenset()) -> list[keras.layers.Layer]:
        """The layers below a path, adopted ones last; all for an empty path."""
        if (id(self), path) in seen:
            return []
        seen |= {(id(self), path)}
        found = [layer for name in self.paths() if _below(name, path) and (layer := self.find(name)) is not None]
        for caller, (store, part) in [(key[0], value) for key, value in self._adopted.items()]:
            if _below(caller, path) or caller == path:
                found += store.under(part, seen)
        return list({id(layer): layer for layer in found}.values())

    def __enter__(self) -> "Store":
        enter(Place(self, used=self.root.used, outer=innermost()))
        return self

    def __exit__(self, *raised: Any) -> None:
        leave()


_DEFAULT = Store()


def current_place() -> Place:
    """The scope that layers are made in now."""
    return innermost() or _DEFAULT.root


def current_store() -> Store:
    """The store that layers are made in now; outside any `with Store()` and template, the process' own."""
    return current_place().store


def is_default(store: Store) -> bool:
    """Whether it is the process' own store, which must not grow by itself."""
    return store is _DEFAULT


def reset() -> None:
    """Forgets the layers made outside any `Store` and template, and their numbering."""
    _DEFAULT.clear()


def _below(name: str, path: str) -> bool:
    return not path or name.startswith(f"{path}/")
