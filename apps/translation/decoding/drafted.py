"""Greedy search by a draft, for files whose arithmetic may be coarse in the draft: all of its pieces are checked at once.

A loop named `DRAFT` writes a whole translation. One exact pass of the decoder over it then tells the best piece at each place;
from the first that differs, exact search goes on. What comes out is what exact search gives, whatever the draft was, and where
the draft was right, the decoder's weights are read once for all pieces instead of once for each.
Source: Stern et al. 2018, https://arxiv.org/abs/1811.03115, with the whole translation as a block.
"""

from typing import Any

import tensorflow as tf

from apps.translation.decoding.greedy import Found, Written, barred, begun, search
from apps.translation.decoding.step import Cache, Source, read_source, step
from apps.translation.model.transformer import Transformer
from apps.translation.pieces import BEGIN, END, PAD
from gristmill.lite import DRAFT

__all__ = ["drafted_greedy"]


def drafted_greedy(model: Transformer, source: Any, limit: Any, places: int) -> Found:
    """Translates one sentence as `greedy` does.

    Args:
        model: The network.
        source: int32 `[1, time]`, the sentence ending with `END`, then padding.
        limit: Most pieces to write, an int32 scalar.
        places: Most pieces that it can be.
    """
    given = read_source(model, source)
    draft = search(model, source, given, begun(1, places), limit, places, name=DRAFT)
    checked, cache = _checked(model, given, draft, places)
    written = search(model, source, given, checked, limit, places, cache=cache, name="rest")
    return Found(written.pieces[:, None], tf.zeros((1, 1)))


def _checked(model: Transformer, given: Source, draft: Written, places: int) -> tuple[Written, Cache]:
    """The draft up to where it is right, and one piece more; the cache has what was written before that piece."""
    count = tf.maximum(draft.place, 1)
    pieces = draft.pieces[:, :count]
    read = tf.concat([[[BEGIN]], pieces[:, : count - 1]], 1)
    scores, cache, _ = step(model, read, tf.constant(0), (), given, grows=True)
    best = tf.argmax(scores + barred(model), 1, tf.int32)
    # The draft's pieces stop before its END, which `last` tells where it was written.
    wanted = tf.concat([pieces[0, : count - 1], draft.last], 0)
    place = tf.reduce_min(tf.where(best == wanted, count - 1, tf.range(count)))
    last = best[place][None]
    ended = last == END
    kept = tf.range(places) < place
    here = tf.cast((tf.range(places) == place) & (place < draft.place), tf.int32)
    written = tf.where(kept, draft.pieces, PAD) + here * tf.where(ended, PAD, last)[:, None]
    shape = (1, model.heads, places, model.size)
    live = tf.cast(tf.range(places) <= place, tf.float32)[:, None]
    wide = (tf.pad(part, ((0, 0), (0, 0), (0, places - count), (0, 0))) for part in cache)
    return Written(place + 1, last, ended, written), tuple(live * tf.reshape(part, shape) for part in wide)
