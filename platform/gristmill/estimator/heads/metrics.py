"""Keras metrics as heads use them: fed with every value of a batch, each with its example's weight."""

from collections.abc import Callable, Iterable
from typing import Any

import keras
import tensorflow as tf

__all__ = ["AccuracyBaseline", "threshold_metrics", "update_compared", "update_mean", "update_thresholds"]


class AccuracyBaseline(keras.metrics.Mean):
    """The accuracy of always saying the more frequent of two classes; fed with labels of 0 and 1."""

    def result(self) -> Any:
        """The share of the more frequent class."""
        most = keras.ops.maximum(self.total, self.count - self.total)
        return keras.ops.divide_no_nan(most, self.count)


def update_mean(metric: Any, values: Any, weights: Any) -> None:
    """Adds values to a mean.

    Args:
        metric: A `keras.metrics.Mean`.
        values: `[D0, ..., DN, size]`.
        weights: `[D0, ..., DN, 1 or size]`, or None.
    """
    metric.update_state(_flat(values), sample_weight=_spread(weights, values))


def update_compared(metric: Any, truth: Any, predicted: Any, weights: Any) -> None:
    """Adds pairs to a metric that compares.

    Args:
        metric: A Keras metric of truth and prediction.
        truth: `[D0, ..., DN, size]`.
        predicted: As `truth`.
        weights: `[D0, ..., DN, 1 or size]`, or None.
    """
    metric.update_state(_flat(truth), _flat(predicted), sample_weight=_spread(weights, truth))


def threshold_metrics(thresholds: Iterable[float], key: Callable[[str], str]) -> dict[str, Any]:
    """Accuracy, precision and recall for each threshold of a probability.

    Args:
        thresholds: Above one of them a prediction says 1.
        key: Makes a head's key of a plain one.
    """
    kinds = {
        "accuracy": lambda name, threshold: keras.metrics.BinaryAccuracy(name=name, threshold=threshold),
        "precision": lambda name, threshold: keras.metrics.Precision(name=name, thresholds=threshold),
        "recall": lambda name, threshold: keras.metrics.Recall(name=name, thresholds=threshold),
    }
    return {
        name: make(name, threshold)
        for threshold in thresholds
        for kind, make in kinds.items()
        for name in [key(_threshold_key(kind, threshold))]
    }


def update_thresholds(
    metrics: dict[str, Any],
    thresholds: Iterable[float],
    key: Callable[[str], str],
    truth: Any,
    probabilities: Any,
    weights: Any,
) -> None:
    """Adds a batch to the metrics that `threshold_metrics` made."""
    for threshold in thresholds:
        for kind in ("accuracy", "precision", "recall"):
            update_compared(metrics[key(_threshold_key(kind, threshold))], truth, probabilities, weights)


def _threshold_key(kind: str, threshold: float) -> str:
    return f"{kind}/positive_threshold_{threshold:g}"


def _flat(values: Any) -> Any:
    return tf.reshape(tf.cast(values, tf.float32), [-1])


def _spread(weights: Any, values: Any) -> Any:
    return None if weights is None else _flat(tf.broadcast_to(weights, tf.shape(values)))
