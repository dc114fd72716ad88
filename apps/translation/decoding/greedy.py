"""Greedy search: the best piece at each place, in one graph that stops when every sentence has ended."""

from typing import Any, NamedTuple

import tensorflow as tf

from apps.translation.decoding.loop import loop
from apps.translation.decoding.step import read_source, size_of, step
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


def greedy(model: Transformer, source: Any, limit: Any, places: int | None) -> Found:
    """Translates sentences.

    Args:
        model: The network.
        source: int32 `[batch, time]`, each sentence ending with `END`, then padding.
        limit: Most pieces to write, an int32 scalar.
        places: Most pieces that it can be; None where shapes need not be fixed, which is faster.

    Returns:
        One hypothesis a sentence.
    """
    given = read_source(model, source)
    rows = size_of(source)
    never = barred(model)
    grows = places is None
    width = limit if grows else places

    def going(place: Any, last: Any, ended: Any, pieces: Any) -> Any:
        return ~tf.reduce_all(ended)

    def write(place: Any, last: Any, ended: Any, pieces: Any, *cache: Any) -> Any:
        scores, cache, _ = step(model, last, place, cache, given, grows=grows)
        best = tf.argmax(scores + never, 1, tf.int32)
        ended = ended | (best == END)
        here = tf.cast(tf.range(width) == place, tf.int32)
        pieces = pieces + here * tf.where(ended, PAD, best)[:, None]
        return (place + 1, best, ended, pieces, *cache)

    state = (tf.constant(0), tf.fill((rows,), BEGIN), tf.fill((rows,), False), tf.zeros((rows, width), tf.int32))
    _, _, _, pieces = loop(model, source, state, going, write, limit, places)
    return Found(pieces[:, None], tf.zeros((rows, 1)))
