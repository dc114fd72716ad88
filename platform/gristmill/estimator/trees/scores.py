"""The logits of boosted trees in TensorFlow: all trees at once, a level a step, by operations that LiteRT has built in."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

__all__ = ["scores"]


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
    batch = tf.shape(inputs)[0]
    at = tf.zeros([batch, 1], tf.int32) + nodes["roots"]  # [batch, trees]
    for _ in range(depth):
        found = tf.gather(inputs, tf.gather(nodes["feature"], at), batch_dims=1)
        below = found <= tf.gather(nodes["threshold"], at)
        below |= tf.math.is_nan(found) & tf.gather(nodes["missing_left"], at)
        at = tf.where(below, tf.gather(nodes["left"], at), tf.gather(nodes["right"], at))
    leaves = tf.gather(nodes["value"], at)
    rounds = nodes["roots"].shape[0] // units
    return tf.reduce_sum(tf.reshape(leaves, [batch, rounds, units]), axis=1)
