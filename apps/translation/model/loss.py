"""The translator's loss: cross-entropy over all pieces with smoothed labels."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from apps.translation.model.batches import Batch
from apps.translation.model.transformer import Transformer
from apps.translation.pieces import PAD

__all__ = ["smoothed_loss", "smoothed_mean"]


def smoothed_loss(model: Transformer, smoothing: float) -> Callable[[Batch], Any]:
    """Mean over the pieces of the target of the cross-entropy against `1 - smoothing` on the piece and the rest on all.

    The mean score of all pieces is the score of the mean embedding, so that smoothing costs next to nothing.
    Source: Szegedy et al. 2016, https://arxiv.org/abs/1512.00567
    """

    def loss(batch: Batch) -> Any:
        states = model(tuple(batch[:6]), training=True)
        states = tf.cast(tf.reshape(states, (-1, model.width)), model.compute_dtype)
        wanted = tf.reshape(batch.wanted, (-1,))
        return smoothed_mean(states, model.table.value, wanted, smoothing)

    return loss


def smoothed_mean(states: Any, table: Any, wanted: Any, smoothing: float) -> Any:
    """The loss of states `[places, width]` by the embeddings `[vocabulary, width]` of the wanted pieces `[places]`."""
    scores = tf.cast(tf.matmul(states, tf.cast(table, states.dtype), transpose_b=True), tf.float32)
    states = tf.cast(states, tf.float32)
    own = tf.reduce_sum(states * tf.gather(table, wanted), -1)
    mean = tf.linalg.matvec(states, tf.reduce_mean(table, 0))
    losses = tf.reduce_logsumexp(scores, -1) - (1 - smoothing) * own - smoothing * mean
    weight = tf.cast(wanted != PAD, losses.dtype)
    return tf.reduce_sum(losses * weight) / tf.maximum(tf.reduce_sum(weight), 1.0)
