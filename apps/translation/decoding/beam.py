"""Beam search with length normalisation, in one graph that stops when every sentence has as many translations as beams.

A translation ends where its end is among the best continuations, as many as there are beams. A sentence that has all of its
translations is left as it is while others go on, so that they do not depend on its batch.
Source: Wu et al. 2016, https://arxiv.org/abs/1609.08144, section 7, with the plain power of the length.
"""

from typing import Any

import tensorflow as tf

from apps.translation.decoding.greedy import Found, barred
from apps.translation.decoding.loop import loop
from apps.translation.decoding.step import read_source, size_of, step
from apps.translation.model.transformer import NEVER, Transformer
from apps.translation.pieces import BEGIN, END, PAD

__all__ = ["beam_search"]

_NOTHING = 0.5 * NEVER
"""Scores below mean that there is no hypothesis."""


def beam_search(
    model: Transformer, source: Any, limit: Any, places: int | None, beams: int, length_power: float
) -> Found:
    """Translates sentences.

    Args:
        model: The network.
        source: int32 `[batch, time]`, each sentence ending with `END`, then padding.
        limit: Most pieces to write, an int32 scalar.
        places: Most pieces that it can be; None where shapes need not be fixed, which is faster.
        beams: Hypotheses that go on, and that are given.
        length_power: A hypothesis' log probability is divided by its length, its end included, to this power.

    Returns:
        `beams` hypotheses a sentence, the best first; one that was never ended stands as far as it came, and only where
        fewer did end.
    """
    given = read_source(model, source)
    batch = size_of(source)
    never = barred(model)
    wide = min(2 * beams, model.vocabulary)
    grows = places is None
    width = limit if grows else places
    first = tf.range(batch)[:, None] * beams

    def going(place: Any, last: Any, alive: Any, going_on: Any, scores: Any, ended: Any) -> Any:
        return ~tf.reduce_all(scores[:, -1] > _NOTHING)

    def write(place: Any, last: Any, alive: Any, going_on: Any, scores: Any, ended: Any, *cache: Any) -> Any:
        logits, cache, _ = step(model, tf.reshape(last, (-1,)), place, cache, given, beams, grows)
        logits = logits + never
        best, pieces = tf.math.top_k(logits, wide)
        total = tf.reshape(alive, (-1, 1)) + best - tf.reduce_logsumexp(logits, 1, keepdims=True)
        values, kept = tf.math.top_k(tf.reshape(total, (batch, beams * wide)), 2 * beams)
        origin = kept // wide
        piece = tf.gather(tf.reshape(pieces, (batch, beams * wide)), kept, batch_dims=1)
        full = scores[:, -1:] > _NOTHING
        length = tf.cast(place + 1, tf.float32) ** length_power
        among_best = (piece == END) & (tf.range(2 * beams) < beams)
        candidates = tf.where(among_best & ~full, values / length, NEVER)
        before = tf.gather(going_on, origin, batch_dims=1)  # [batch, 2 * beams, places]
        scores, kept = tf.math.top_k(tf.concat([scores, candidates], 1), beams)
        ended = tf.gather(tf.concat([ended, before], 1), kept, batch_dims=1)
        alive, kept = tf.math.top_k(tf.where(piece == END, NEVER, values), beams)
        last = tf.gather(piece, kept, batch_dims=1)
        here = tf.cast(tf.range(width) == place, tf.int32)
        going_on = tf.gather(before, kept, batch_dims=1) + here * last[:, :, None]
        rows = tf.reshape(first + tf.gather(origin, kept, batch_dims=1), (-1,))
        return (place + 1, last, alive, going_on, scores, ended, *(tf.gather(part, rows) for part in cache))

    only_first = tf.where(tf.range(beams) == 0, 0.0, NEVER)
    nothing = tf.fill((batch, beams, width), PAD)
    state = (
        tf.constant(0),
        tf.fill((batch, beams), BEGIN),
        tf.tile(only_first[None], (batch, 1)),
        nothing,
        tf.fill((batch, beams), NEVER),
        nothing,
    )
    place, _, alive, going_on, scores, ended = loop(model, source, state, going, write, limit, places, beams)
    cut = tf.concat([scores, alive / tf.cast(tf.maximum(place, 1), tf.float32) ** length_power + _NOTHING], 1)
    _, kept = tf.math.top_k(cut, beams)
    real = tf.concat([scores, alive / tf.cast(tf.maximum(place, 1), tf.float32) ** length_power], 1)
    pieces = tf.gather(tf.concat([ended, going_on], 1), kept, batch_dims=1)
    return Found(pieces, tf.gather(real, kept, batch_dims=1))
