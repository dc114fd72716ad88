"""tf.data input from arrays in memory: an epoch's order follows from its number, rows are gathered a batch at a time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from gristmill.errors import InputError

__all__ = ["Batches"]


class Batches:
    """Batches of (features by name, labels), epoch by epoch, from any batch on.

    Gathering rows by index costs a fraction of shuffling the rows themselves.

    Args:
        features: Arrays by name, all with the same number of rows.
        labels: One a row.
        batch_size: Rows a batch.
        seed: Shuffles, each epoch otherwise; None keeps the order.
        drop_remainder: Leaves out a last batch that is not full.

    Raises:
        InputError: The numbers of rows differ.
    """

    def __init__(
        self,
        features: Mapping[str, Any],
        labels: Any,
        batch_size: int,
        *,
        seed: int | None = None,
        drop_remainder: bool = False,
    ) -> None:
        rows = {name: len(array) for name, array in features.items()} | {"labels": len(labels)}
        if len(set(rows.values())) != 1:
            raise InputError(f"features and labels must have the same number of rows. Received: {rows}")
        self._features = {name: tf.constant(array) for name, array in features.items()}
        self._labels = tf.constant(labels)
        self._rows = rows["labels"]
        self._batch_size = batch_size
        self._seed = seed
        self._drop_remainder = drop_remainder

    def __len__(self) -> int:
        """Batches an epoch."""
        whole, rest = divmod(self._rows, self._batch_size)
        return whole + (rest > 0 and not self._drop_remainder)

    def __call__(self, epoch: int = 0, start: int = 0) -> "tf.data.Dataset":
        """The batches of an epoch (from 0) from one (from 0) on."""
        order = np.arange(self._rows)
        if self._seed is not None:
            order = np.random.default_rng([self._seed, epoch]).permutation(self._rows)
        indices = tf.data.Dataset.from_tensor_slices(order[start * self._batch_size :])

        def gather(index: Any) -> tuple[dict[str, Any], Any]:
            features = {name: tf.gather(array, index) for name, array in self._features.items()}
            return features, tf.gather(self._labels, index)

        return indices.batch(self._batch_size, drop_remainder=self._drop_remainder).map(gather).prefetch(2)
