"""Losses of the next-item model: softmax over the whole catalogue, or over sampled items with the correction."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from apps.recommend.next_item import NextItemModel

__all__ = ["full_loss", "sampled_loss"]

_NEVER = -1e9
_LARGEST_SEEN_TABLE = 50_000_000
"""Users times items up to which a table tells when a user first met an item."""


def full_loss(model: NextItemModel, histories: Sequence[NDArray[np.int32]]) -> Callable[[tuple[Any, ...]], Any]:
    """Cross-entropy over all items that the user has not met yet.

    An item that stands earlier in the history is never recommended, so it leaves the denominator, and meeting it again is
    no target; where the table of first meetings would be too large, only padding leaves.
    """
    first = _first_meeting(histories, model.items)

    def loss(batch: tuple[Any, ...]) -> Any:
        items, segments, targets, places = batch
        states = model((items, segments), training=True)
        scores = model.scores(states)
        own = tf.gather(model.table.value, targets)
        picked = tf.reduce_sum(states * own, -1) + tf.gather(model.bias.value, targets)
        if first is not None:
            met = tf.gather(first, segments) <= places[:, :, None]
            scores = tf.where(met, _NEVER, scores)
            targets = tf.where(tf.gather(met, targets, batch_dims=2), 0, targets)
        else:
            scores = scores + _NEVER * tf.one_hot(0, model.items + 1)
        return _mean(tf.reduce_logsumexp(scores, -1) - picked, targets)

    return loss


def sampled_loss(
    model: NextItemModel, count: int, seeds: keras.random.SeedGenerator
) -> Callable[[tuple[Any, ...]], Any]:
    """Cross-entropy over the target and sampled items, each score less the log of how probably it is in the sample.

    Items are numbered by popularity, so that log-uniform draws find them about as often as they occur; an item that is
    drawn several times counts once.
    Source: Bengio, Senecal 2008, https://doi.org/10.1109/TNN.2007.912312; Yi et al. 2019,
    https://doi.org/10.1145/3298689.3346996

    Args:
        model: The model.
        count: Draws a step.
        seeds: Where the draws come from.
    """
    span = math.log(model.items + 1)

    def loss(batch: tuple[Any, ...]) -> Any:
        items, segments, targets, _ = batch
        states = tf.reshape(model((items, segments), training=True), (-1, model.width))
        wanted = tf.reshape(targets, (-1, 1))
        drawn = tf.exp(tf.random.stateless_uniform([count], tf.cast(seeds.next(), tf.int32)) * span)
        others = tf.sort(tf.minimum(tf.cast(drawn, tf.int32), model.items))
        again = tf.concat([[False], others[1:] == others[:-1]], 0)
        own = tf.reduce_sum(states * tf.gather(model.table.value, wanted[:, 0]), 1, keepdims=True)
        own += tf.gather(model.bias.value, wanted) - _log_sampled(tf.maximum(wanted, 1), count, span)
        against = tf.matmul(states, tf.gather(model.table.value, others), transpose_b=True)
        against += tf.gather(model.bias.value, others) - _log_sampled(others, count, span)
        against = tf.where((others[None, :] == wanted) | again[None, :], _NEVER, against)
        losses = tf.reduce_logsumexp(tf.concat([own, against], 1), 1) - own[:, 0]
        return _mean(tf.reshape(losses, tf.shape(targets)), targets)

    return loss


def _log_sampled(items: Any, count: int, span: float) -> Any:
    """Log of the probability that an item (from 1) is among so many draws."""
    share = tf.math.log1p(1 / tf.cast(items, tf.float32)) / span
    return tf.math.log(-tf.math.expm1(count * tf.math.log1p(-share)))


def _mean(losses: Any, targets: Any) -> Any:
    """Mean over the events that have a next one."""
    weight = tf.cast(targets > 0, tf.float32)
    return tf.reduce_sum(losses * weight) / tf.maximum(tf.reduce_sum(weight), 1.0)


def _first_meeting(histories: Sequence[NDArray[np.int32]], items: int) -> Any:
    """Place at which each user (from 1) first meets each item, `[users + 1, items + 1]`; padding is always met."""
    if (len(histories) + 1) * (items + 1) > _LARGEST_SEEN_TABLE:
        return None
    first = np.full((len(histories) + 1, items + 1), np.iinfo(np.int32).max, np.int32)
    for row, history in enumerate(histories, 1):
        first[row, history[::-1]] = np.arange(len(history))[::-1]
    first[:, 0] = -1
    return tf.constant(first)
