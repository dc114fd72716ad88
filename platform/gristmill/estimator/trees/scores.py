"""The logits of boosted trees in TensorFlow: all trees at once, a level a step, by operations that LiteRT has built in."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

__all__ = ["scores"]

_MOST = np.finfo(np.float32).max


def scores(nodes: Mapping[str, Any], inputs: Any, depth: int, units: int) -> Any:
    """Walks every example down every tree, and adds up the leaves.

    Args:
        nodes: The fields of an `Ensemble`, arrays, tensors or variables.
        inputs: `[batch, width]` float32; NaN is missing.
        depth: Comparisons on the longest way.
        units: Logits an example.

    Returns:
        `[batch, units]` float32.
    """
    batch, rounds = tf.shape(inputs)[0], nodes["roots"].shape[0] // units
    missing, finite = tf.math.is_nan(inputs), tf.clip_by_value(inputs, -_MOST, _MOST)
    both = tf.concat([tf.where(missing, -_MOST, finite), tf.where(missing, np.float32(np.inf), finite)], axis=1)
    at = tf.zeros([batch, 1], tf.int32) + nodes["roots"]  # [batch, trees]
    for _ in range(depth):
        found = tf.gather(both, tf.gather(nodes["feature"], at), batch_dims=1)
        at = tf.gather(nodes["left"], at) + tf.cast(found > tf.gather(nodes["threshold"], at), tf.int32)
    return tf.reduce_sum(tf.reshape(tf.gather(nodes["value"], at), [batch, rounds, units]), axis=1)
