"""Batches of features and labels as the arrays that trees are grown from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.heads import Head
from gristmill.estimator.heads.vocabulary import label_ids
from gristmill.estimator.heads.weights import weights_of
from gristmill.estimator.trees.inputs import TreeInput

__all__ = ["Examples", "Reader"]


@dataclass(frozen=True, eq=False)
class Examples:
    """What trees are grown from."""

    inputs: NDArray[np.float32]
    """`[rows, width]`; NaN is missing."""
    labels: NDArray[np.float32]
    """`[rows]`: the number, or the class."""
    weights: NDArray[np.float32]
    """`[rows]`: their mean is 1."""
    mean_weight: float
    """What the weights were divided by."""


@dataclass(frozen=True)
class Reader:
    """Reads batches eagerly, with the checks of a head."""

    columns: TreeInput
    head: Head
    weight_column: Any
    label_vocabulary: Sequence[str] | None

    def __call__(self, batches: Iterable[Any]) -> Examples:
        """Reads all batches.

        Raises:
            ArgumentError: There is no example, features or labels break a rule, an input is infinite, a label is not
                finite, or a weight is not finite or less than 0, or all are 0.
        """
        parts = [self._batch(batch[0], batch[1] if len(batch) > 1 else None) for batch in batches]
        if not sum(len(labels) for _, labels, _ in parts):
            raise ArgumentError("input_fn must give at least one example. Received: none")
        inputs, labels, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
        infinite = np.isinf(inputs).any(axis=0)
        if infinite.any():
            name = self.columns.names[int(infinite.argmax())]
            raise ArgumentError(
                f"what trees read must be finite, or NaN where it is missing. Received: infinity in {name!r}"
            )
        if not np.isfinite(labels).all():
            raise ArgumentError(f"labels must be finite. Received: {labels[~np.isfinite(labels)][0]}")
        if not (np.isfinite(weights).all() and weights.min() >= 0 and weights.max() > 0):
            raise ArgumentError(
                "weights must be finite and 0 or more, and some more than 0. "
                f"Received: from {weights.min()} to {weights.max()}"
            )
        mean = float(weights.mean(dtype=np.float64))
        return Examples(inputs, labels, (weights / mean).astype(np.float32), mean)

    def _batch(self, features: Any, labels: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Inputs, labels and weights of a batch."""
        inputs = self.columns(features)
        logits = tf.zeros([inputs.shape[0], self.head.logits_dimension])
        self.head.loss(labels, logits, features)
        truth = tf.convert_to_tensor(labels)
        if self.label_vocabulary is not None:
            truth = label_ids(truth, self.label_vocabulary)
        weights = weights_of(features, self.weight_column, logits)
        given = np.ones(inputs.shape[0], np.float32) if weights is None else weights.numpy().reshape(-1)
        return inputs.numpy(), truth.numpy().reshape(-1).astype(np.float32), given
