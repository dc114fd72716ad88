"""A batch of training or evaluation, checked to hold an example."""

from typing import Any

import tensorflow as tf

from gristmill.estimator.demands import demanded
from gristmill.estimator.errors import ArgumentError

__all__ = ["with_examples"]


def with_examples(batch: Any) -> Any:
    """Gives a structure of tensors on whose labels, or else features, have at least one row.

    Raises:
        ArgumentError: They have none; see `gristmill.estimator.demands.demand`.
    """
    parts = tf.nest.flatten(batch)
    places = [place for place, part in enumerate(parts) if isinstance(part, tf.Tensor) and part.shape.rank]
    rule = "input_fn must give batches of at least one example"
    if any(parts[place].shape[0] == 0 for place in places):
        raise ArgumentError(f"{rule}. Received: an empty one")
    if not places or any(parts[place].shape[0] for place in places):
        return batch
    last = parts[places[-1]]
    count = tf.size(last) if last.shape.rank == 1 else tf.shape(last)[0]
    parts[places[-1]] = demanded(last, count > 0, rule, "an empty one")
    return tf.nest.pack_sequence_as(batch, parts)
