"""tf.data input from arrays in memory: shuffled by index, gathered by batch."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from gristmill.errors import InputError

__all__ = ["batches"]


def batches(
    features: Mapping[str, Any],
    labels: Any,
    batch_size: int,
    *,
    seed: int | None = None,
    drop_remainder: bool = False,
) -> "tf.data.Dataset":
    """Batches of (features by name, labels).

    Rows are gathered a batch at a time, which costs a fraction of shuffling the rows themselves.

    Args:
        features: Arrays by name, all with the same number of rows.
        labels: One a row.
        batch_size: Rows a batch.
        seed: Shuffles, anew at each pass; None keeps the order.
        drop_remainder: Leaves out a last batch that is not full.

    Raises:
        InputError: The numbers of rows differ.
    """
    rows = {name: len(array) for name, array in features.items()} | {"labels": len(labels)}
    if len(set(rows.values())) != 1:
        raise InputError(f"features and labels must have the same number of rows. Received: {rows}")
    held = {name: tf.constant(array) for name, array in features.items()}
    truth = tf.constant(labels)
    count = rows["labels"]
    order = tf.data.Dataset.range(count)
    if seed is not None:
        order = order.shuffle(count, seed=seed, reshuffle_each_iteration=True)

    def gather(index: Any) -> tuple[dict[str, Any], Any]:
        return {name: tf.gather(array, index) for name, array in held.items()}, tf.gather(truth, index)

    return order.batch(batch_size, drop_remainder=drop_remainder).map(gather).prefetch(2)
