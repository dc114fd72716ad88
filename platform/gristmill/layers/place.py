"""The place where layers are made now: a store, a path in it, and what reuse means there."""

from contextvars import ContextVar
from typing import TYPE_CHECKING, Optional

import keras

from gristmill.errors import InputError
from gristmill.layers.held import Held

if TYPE_CHECKING:
    from gristmill.layers.store import Store

__all__ = ["AUTO_REUSE", "Place", "Reuse", "checked_reuse", "enter", "innermost", "leave"]

AUTO_REUSE = "auto"

Reuse = bool | str | None


class Place(Held):
    """A scope while it is open; `with layers.scope(...) as place` gives it.

    Args:
        store: Where its layers live.
        path: Scopes joined by `/`; empty at the root of a store.
        reuse: None to make layers, True to take those that are there, `auto` to take or make.
        used: Names that layers and scopes have had since it was opened; unnamed ones are numbered by it.
        outer: The place to return to.
    """

    def __init__(
        self,
        store: "Store",
        path: str = "",
        reuse: Reuse = None,
        used: set[str] | None = None,
        outer: Optional["Place"] = None,
    ) -> None:
        self.store, self.path, self.reuse, self.outer = store, path, reuse, outer
        self.used = set[str]() if used is None else used

    @property
    def name(self) -> str:
        """The whole path, such as `tower/block_1`."""
        return self.path

    @property
    def layers(self) -> list[keras.layers.Layer]:
        """The layers made in this scope and in those inside it."""
        return self.store.under(self.path)

    def reuse_variables(self) -> None:
        """From here on layers in this scope are taken and not made; unnamed ones from the first again."""
        self.reuse = True
        self.used.clear()


_INNERMOST: ContextVar[Place | None] = ContextVar("gristmill_layers_place", default=None)


def innermost() -> Place | None:
    """The place opened last in this thread or task, if one is open."""
    return _INNERMOST.get()


def enter(place: Place) -> None:
    """Makes a place the innermost one."""
    _INNERMOST.set(place)


def leave() -> None:
    """Returns to the place outside the innermost one."""
    place = _INNERMOST.get()
    _INNERMOST.set(place.outer if place else None)


def checked_reuse(reuse: object) -> Reuse:
    """None, True or `auto`; False means None, as in tf.layers.

    Raises:
        InputError: It is something else.
    """
    if reuse is None or reuse is False:
        return None
    if reuse is True:
        return True
    if reuse == AUTO_REUSE or getattr(reuse, "name", None) == "AUTO_REUSE":
        return AUTO_REUSE
    raise InputError(f"`reuse` must be True, False, None or layers.AUTO_REUSE. Received: reuse={reuse!r}")
