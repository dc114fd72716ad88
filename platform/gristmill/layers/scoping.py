"""Scopes: `with scope("tower")` puts layers under `tower/`, or takes those that are there."""

from collections.abc import Iterator
from contextlib import contextmanager

from gristmill.errors import InputError
from gristmill.layers.names import checked, free, joined
from gristmill.layers.place import Place, Reuse, checked_reuse, enter, innermost, leave
from gristmill.layers.store import current_place

__all__ = ["opened", "scope"]


@contextmanager
def scope(
    name_or_scope: str | Place | None = None, default_name: str | None = None, *, reuse: Reuse = None
) -> Iterator[Place]:
    """Opens a scope, as `tf.variable_scope` did: names inside it start with its own.

        with layers.scope("tower"):
            layers.dense(x, 8)                      # tower/dense
        with layers.scope("tower", reuse=True):
            layers.dense(y, 8)                      # the same weights

    Each time it is opened, unnamed layers in it are numbered from the start, so that the second time finds what the first
    made. A scope inside one that reuses, reuses too.

    Args:
        name_or_scope: A name, joined to the scope outside by `/`; or a scope, to open that one again from anywhere.
        default_name: Where no name is given: this one, numbered so that it is new in the scope outside.
        reuse: None or False to make layers, True to take those that are there, `AUTO_REUSE` to take or make.

    Yields:
        The scope: `name`, `variables`, `trainable_variables`, `losses`, `reuse_variables()`.

    Raises:
        InputError: No name, or one that is not allowed; `reuse` is none of the above.
    """
    outer = current_place()
    if isinstance(name_or_scope, Place):
        store, path = name_or_scope.store, name_or_scope.path
        reuse = checked_reuse(reuse) or name_or_scope.reuse
    else:
        store, path = outer.store, joined(outer.path, _name(outer, name_or_scope, default_name))
    with opened(Place(store, path, checked_reuse(reuse))) as place:
        yield place


@contextmanager
def opened(place: Place) -> Iterator[Place]:
    """Opens a place inside the current one, which hands its reuse on within one store."""
    outer = current_place()
    place.outer = innermost()
    if outer.store is place.store and outer.reuse is not None:
        place.reuse = place.reuse or outer.reuse
    enter(place)
    try:
        yield place
    finally:
        leave()


def _name(outer: Place, name: str | None, default_name: str | None) -> str:
    if name is None and default_name is None:
        raise InputError("a scope needs a name: `name_or_scope` or `default_name` must be given. Received: neither")
    if name is None:
        name = free(checked("scope", default_name), outer.used.__contains__)
    outer.used.add(checked("scope", name))
    return name
