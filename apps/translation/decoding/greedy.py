"""Greedy search: the best piece at each place, in one graph that stops when every sentence has ended."""

from typing import Any, NamedTuple

import tensorflow as tf

from apps.translation.decoding.step import empty_cache, read_source, size_of, step
from apps.translation.model.transformer import NEVER, Transformer
from apps.translation.pieces import BEGIN, END, PAD

__all__ = ["Found", "barred", "greedy"]


class Found(NamedTuple):
    """Translations as piece ids."""

    pieces: Any
    """int32 `[batch, hypotheses, places]`, the best first; without `END`, then padding."""
    scores: Any
    """float32 `[batch, hypotheses]`: log probability by length to a power; 0 where it is not computed."""


def barred(model: Transformer) -> Any:
    """A bias of the scores that bars padding and `BEGIN`, `[vocabulary]`."""
    never = tf.one_hot(PAD, model.vocabulary) + tf.one_hot(BEGIN, model.vocabulary)
    return never * NEVER


def greedy(model: Transformer, source: Any, limit: Any, places: int) -> Found:
    """Translates sentences.

    Args:
        model: The network.
        source: int32 `[batch, time]`, each sentence ending with `END`, then padding.
        limit: Most pieces to write, an int32 scalar.
        places: Most pieces that it can be.

    Returns:
        One hypothesis a sentence.
    """
    given = read_source(model, source)
    rows = size_of(source)
    never = barred(model)

    def going(place: Any, last: Any, ended: Any, pieces: Any, *cache: Any) -> Any:
        return (place < limit) & ~tf.reduce_all(ended)

    def write(place: Any, last: Any, ended: Any, pieces: Any, *cache: Any) -> Any:
        scores, cache, _ = step(model, last, place, cache, given)
        best = tf.argmax(scores + never, 1, tf.int32)
        ended = ended | (best == END)
        here = tf.cast(tf.range(places) == place, tf.int32)
        pieces = pieces + here * tf.where(ended, PAD, best)[:, None]
        return (place + 1, best, ended, pieces, *cache)

    start = (
        tf.constant(0),
        tf.fill((rows,), BEGIN),
        tf.fill((rows,), False),
        tf.zeros((rows, places), tf.int32),
        *empty_cache(model, source, places),
    )
    limit = tf.minimum(limit, places)
    pieces = tf.while_loop(going, write, start)[3]
    return Found(pieces[:, None], tf.zeros((rows, 1)))
