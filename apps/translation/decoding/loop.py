"""A search as a loop over the decoder's cache of keys and values.

For a lite file, a cache has a fixed number of places, so that shapes stay the same. All of them are computed with and copied in
each step, whether written or not; so a loop over a few comes first, and one over all goes on with what it left. Where shapes
need not be fixed, the cache grows by a place a step, and no work is spent on places that nothing was written to.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from apps.translation.decoding.step import Cache, size_of
from apps.translation.model.transformer import Transformer

__all__ = ["loop"]

_FIRST_PLACES = 32
"""Most sentences have fewer pieces."""


def loop(
    model: Transformer,
    source: Any,
    state: tuple[Any, ...],
    going: Callable[..., Any],
    write: Callable[..., tuple[Any, ...]],
    limit: Any,
    places: int | None,
    beams: int = 1,
) -> tuple[Any, ...]:
    """Runs a search.

    Args:
        model: The network.
        source: int32 `[batch, time]`.
        state: What the search starts with; its first is the place, an int32 scalar.
        going: From the state to whether any sentence goes on.
        write: From the state and the cache to the same after a piece.
        limit: Most pieces to write, an int32 scalar.
        places: Most pieces that it can be; None for a cache that grows.
        beams: Rows of each sentence.

    Returns:
        The state at the end.
    """
    count = len(state)
    stages = [_FIRST_PLACES, places] if places and places > _FIRST_PLACES else [places]
    cache = _empty(model, source, stages[0] or 0, beams)
    for size in stages:
        cache = _widened(cache, size) if size else cache
        stop = tf.minimum(limit, size) if size else limit

        def goes_on(place: Any, *values: Any, stop: Any = stop) -> Any:
            return (place < stop) & going(place, *values[: count - 1])

        shapes = (*(part.shape for part in state), *(_shape(part, size) for part in cache))
        found = tf.while_loop(goes_on, write, (*state, *cache), shapes)
        state, cache = found[:count], found[count:]
    return state


def _empty(model: Transformer, source: Any, places: int, beams: int) -> Cache:
    """A cache in which nothing is written.

    Its zero is computed from the source, or a lite file would hold all of it as constants.
    """
    zero = tf.minimum(tf.cast(source[0, 0], tf.float32), 0.0)
    empty = tf.fill((size_of(source) * beams, model.heads, places, model.size), zero)
    return (empty,) * (2 * len(model.decoder))


def _widened(cache: Cache, places: int) -> Cache:
    missing = places - cache[0].shape[2]
    return tuple(tf.pad(part, ((0, 0), (0, 0), (0, missing), (0, 0))) for part in cache) if missing else cache


def _shape(part: Any, places: int | None) -> tf.TensorShape:
    """The shape that a part of the cache keeps in the loop."""
    return tf.TensorShape([*part.shape[:2], places, part.shape[3]])
