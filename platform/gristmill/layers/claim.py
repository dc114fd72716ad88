"""Whose layer it is: a name in a scope gives the layer that is there or a new one, as reuse says."""

import keras
import tensorflow as tf

from gristmill.errors import InputError
from gristmill.layers.names import free, joined, near
from gristmill.layers.place import Place, Reuse
from gristmill.layers.request import Request
from gristmill.layers.sameness import check_arguments
from gristmill.layers.store import is_default

__all__ = ["claim", "release"]


def claim(place: Place, request: Request) -> tuple[str, keras.layers.Layer, bool]:
    """The path of the layer asked for, the layer, and whether it was made.

    Raises:
        InputError: It exists and may not be reused, does not exist and may not be made, or differs from what is asked.
    """
    reuse = request.reuse or place.reuse
    name = _name(place, request, reuse)
    path = joined(place.path, name)
    there = place.store.find(path)
    if there is not None:
        _check_reuse(path, request, there, reuse)
        place.used.add(name)
        return path, there, False
    _check_new(place, path, request, reuse)
    loosely = _loosely(place, request, reuse)
    layer = request.make(path)
    place.store.keep(path, layer, loosely)
    if place.path or not loosely:
        place.used.add(name)
    return path, layer, True


def release(place: Place, path: str) -> None:
    """Takes back a claim, where the layer made could not run: the name is free again."""
    place.store.forget(path)
    place.used.discard(path.removeprefix(f"{place.path}/") if place.path else path)


def _name(place: Place, request: Request, reuse: Reuse) -> str:
    """Given names stay, but where there is nothing to share two may have one, which is then numbered, as tf did."""
    if request.name is not None and request.shares:
        return request.name
    new = not place.path or not (request.shares or reuse)

    def taken(name: str) -> bool:
        return name in place.used or (new and place.store.find(joined(place.path, name)) is not None)

    return free(request.name or request.function, taken)


def _check_reuse(path: str, request: Request, there: keras.layers.Layer, reuse: Reuse) -> None:
    if not reuse and request.shares:
        raise InputError(
            f"layer {path!r} already exists ({type(there).__name__}). Did you mean reuse=True, or "
            "reuse=layers.AUTO_REUSE? For another model of the same names, open `with layers.Store():` around each, or "
            "call layers.reset()"
        )
    check_arguments(path, there, request.kind, request.arguments)


def _check_new(place: Place, path: str, request: Request, reuse: Reuse) -> None:
    if reuse is True and request.shares:
        raise InputError(
            f"layer {path!r} does not exist, and reuse=True only takes a layer that does; "
            f"{near(path, place.store.paths())}. Did you mean reuse=layers.AUTO_REUSE?"
        )
    findable = place.store.once or place.path or (request.name and request.shares)
    if tf.inside_function() and request.has_state and not findable:
        raise InputError(
            f"`{request.function}` in a tf.function must have a place that later traces find again: use "
            "layers.make_template(name, function), or `with layers.scope(name, reuse=layers.AUTO_REUSE)`. "
            "Received: a call outside any scope"
        )


def _loosely(place: Place, request: Request, reuse: Reuse) -> bool:
    """Whether nothing can ask for the layer again, so that the process' own store must not hold it."""
    if tf.inside_function() or not is_default(place.store):
        return False
    at_root = not place.path and request.name is None
    return at_root or not (request.shares or reuse)
