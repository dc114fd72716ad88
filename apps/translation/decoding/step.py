"""One step of the decoder over a cache of keys and values, by operations that every LiteRT runtime has.

A cache has a fixed number of places, of which those not written yet are 0 and masked, or it grows by a place a step.
"""

from typing import Any, NamedTuple

import tensorflow as tf

from apps.translation.model.transformer import NEVER, Transformer, apart
from apps.translation.pieces import PAD

__all__ = ["Cache", "Source", "read_source", "size_of", "step"]

Cache = tuple[Any, ...]
"""Keys and values of each decoder layer in turn, `[rows, heads, places, size]` each."""


class Source(NamedTuple):
    """What the decoder reads of the source."""

    pairs: tuple[Any, ...]
    """Keys and values of each decoder layer in turn, `[batch, heads, time, size]` each."""
    bias: Any
    """`[batch, 1, 1, time]`: bars padding."""


def read_source(model: Transformer, pieces: Any) -> Source:
    """Encodes sentences, int32 `[batch, time]`, each ending with `END`, then padding."""
    pieces = tf.convert_to_tensor(pieces)
    segments = tf.cast(pieces != PAD, tf.int32)
    encoded = model.encode(pieces, segments, tf.range(tf.shape(pieces)[1])[None])
    pairs = tuple(part for layer in model.decoder for part in layer.source.pairs(encoded))
    return Source(pairs, apart(tf.ones((size_of(pieces), 1), tf.int32), segments))


def step(
    model: Transformer, pieces: Any, place: Any, cache: Cache, source: Source, beams: int = 1, grows: bool = False
) -> tuple[Any, Cache, Any]:
    """Reads the piece at a place of each row.

    Args:
        model: The network.
        pieces: int32 `[rows]`; the rows are the batch, each sentence `beams` times.
        place: Where they stand, an int32 scalar.
        cache: What was written at the places before.
        source: What the decoder reads of the source.
        beams: Rows of each sentence.
        grows: Whether the cache has the places before and no others; else it has places for all that is to come.

    Returns:
        Scores of the next piece `[rows, vocabulary]`, the cache with this place, and how the last layer attends to the
        source `[batch, beams, time]`, a mean over heads.
    """
    rows = size_of(pieces)
    cached = tf.range(place + 1 if grows else cache[0].shape[2])
    own_bias = model.target_bias(place[None], cached) + tf.where(cached > place, NEVER, 0.0)
    here = tf.cast(cached == place, tf.float32)[:, None]

    def add(part: Any, new: Any) -> Any:
        return tf.concat([part, new], 2) if grows else part + here * new

    states = model.embed(pieces[:, None], place[None, None])
    written: list[Any] = []
    weights = None
    for i, layer in enumerate(model.decoder):
        given = layer.norm(states)
        own = list(map(add, cache[2 * i : 2 * i + 2], layer.attention.pairs(given)))
        written += own
        mixed, _ = layer.attention.attend(layer.attention.queries(given), own[0], own[1], own_bias)
        states = tf.reshape(states + mixed, (rows // beams, beams, model.width))
        mixed, weights = layer.read(states, source.pairs[2 * i : 2 * i + 2], source.bias)
        states = tf.reshape(layer.network(states + mixed), (rows, 1, model.width))
    scores = model.scores(tf.reshape(model.norm_target(states), (rows, model.width)))
    return scores, tuple(written), tf.reduce_mean(weights, 1)


def size_of(tensor: Any, axis: int = 0) -> Any:
    """The size of an axis: a number where it is known when the graph is made, else a tensor."""
    known = tensor.shape[axis]
    return tf.shape(tensor)[axis] if known is None else known
