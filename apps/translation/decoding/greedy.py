"""Greedy search: the best piece at each place, in one graph that stops when every sentence has ended."""

from typing import Any, NamedTuple

import tensorflow as tf

from apps.translation.decoding.loop import loop
from apps.translation.decoding.step import Source, read_source, size_of, step
from apps.translation.model.transformer import NEVER, Transformer
from apps.translation.pieces import BEGIN, END, PAD

__all__ = ["Found", "Written", "barred", "begun", "greedy", "search"]


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
    rows = size_of(source)
    written = search(
        model, source, read_source(model, source), begun(rows, limit if places is None else places), limit, places
    )
    return Found(written.pieces[:, None], tf.zeros((rows, 1)))


class Written(NamedTuple):
    """How far a greedy search has come."""

    place: Any
    """Of the next piece, an int32 scalar."""
    last: Any
    """The piece before it, `[batch]`."""
    ended: Any
    """Which sentences are whole, bool `[batch]`."""
    pieces: Any
    """int32 `[batch, places]`: without `END`, then padding."""


def begun(rows: Any, width: Any) -> Written:
    """So many sentences of which nothing is written, with room for so many pieces."""
    return Written(tf.constant(0), tf.fill((rows,), BEGIN), tf.fill((rows,), False), tf.zeros((rows, width), tf.int32))


def search(
    model: Transformer, source: Any, given: Source, state: Written, limit: Any, places: int | None, **options: Any
) -> Written:
    """Goes on with a search.

    Args:
        model: The network.
        source: As `greedy`.
        given: What the decoder reads of it.
        state: How far it has come.
        limit: As `greedy`.
        places: As `greedy`.
        **options: `cache`, where anything is written, and `name`; see `loop`.
    """
    never = barred(model)
    width = size_of(state.pieces, 1)

    def going(place: Any, last: Any, ended: Any, pieces: Any) -> Any:
        return ~tf.reduce_all(ended)

    def write(place: Any, last: Any, ended: Any, pieces: Any, *cache: Any) -> Any:
        scores, cache, _ = step(model, last[:, None], place, cache, given, grows=places is None)
        best = tf.argmax(scores + never, 1, tf.int32)
        ended = ended | (best == END)
        here = tf.cast(tf.range(width) == place, tf.int32)
        pieces = pieces + here * tf.where(ended, PAD, best)[:, None]
        return (place + 1, best, ended, pieces, *cache)

    return Written(*loop(model, source, state, going, write, limit, places, **options))
