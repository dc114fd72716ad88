"""The head of two classes."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export.outputs import ExportOutput, RegressionOutput
from gristmill.estimator.heads.arguments import checked_thresholds, checked_vocabulary
from gristmill.estimator.heads.checks import check_labels, check_logits, check_range
from gristmill.estimator.heads.classes import class_predictions, classification_outputs
from gristmill.estimator.heads.metrics import (
    AccuracyBaseline,
    threshold_metrics,
    update_compared,
    update_mean,
    update_thresholds,
)
from gristmill.estimator.heads.single import SingleHead, chosen
from gristmill.estimator.heads.vocabulary import label_ids

__all__ = ["BinaryClassHead"]


class BinaryClassHead(SingleHead):
    """Sigmoid cross entropy of one logit, `[D0, ..., DN, 1]`.

    Labels are numbers within [0, 1], or words of the vocabulary, `[D0, ..., DN]` or `[D0, ..., DN, 1]`; weights have one
    of these shapes too.

    Args:
        weight_column: Name of the feature of weights, or its numeric column.
        thresholds: Probabilities above which accuracy, precision and recall are taken too, each in (0, 1).
        label_vocabulary: The names of the two classes.
        loss_reduction: `sum` or `sum_over_batch_size`.
        loss_fn: Takes `labels` (float32, `[D0, ..., DN, 1]`), `logits` and, if it likes, `features` and
            `loss_reduction`; gives losses `[D0, ..., DN, 1]`.
        name: Suffix of the metrics' keys.

    Raises:
        ArgumentError: An argument breaks a rule.
    """

    logits_dimension = 1
    """Size of the last axis of the logits."""

    def __init__(
        self,
        weight_column: Any = None,
        thresholds: Iterable[float] | None = None,
        label_vocabulary: Sequence[str] | None = None,
        loss_reduction: str = "sum_over_batch_size",
        loss_fn: Callable[..., Any] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(weight_column, loss_reduction, loss_fn, name)
        self._thresholds = checked_thresholds(thresholds)
        self._vocabulary = checked_vocabulary(label_vocabulary, 2)

    def predictions(self, logits: Any, keys: Sequence[str] | None = None) -> dict[str, Any]:
        """Predictions by key.

        Args:
            logits: `[D0, ..., DN, 1]`.
            keys: Which ones; None gives all.

        Returns:
            `logits` and `logistic` `[D0, ..., DN, 1]`, and what `class_predictions` gives of two classes.
        """
        logits = check_logits(logits, 1)
        two = tf.concat([tf.zeros_like(logits), logits], axis=-1)
        classes = class_predictions(two, 2, self._vocabulary)
        return chosen({"logits": logits, "logistic": tf.sigmoid(logits), **classes}, keys)

    def _export_outputs(self, features: Any, logits: Any, predictions: dict[Any, Any]) -> dict[str, ExportOutput]:
        outputs = classification_outputs(predictions, 2, self._vocabulary)
        return {**outputs, "regression": RegressionOutput(value=predictions["logistic"])}

    def _truth(self, labels: Any, logits: Any) -> Any:
        labels = check_labels(labels, logits, 1)
        if self._vocabulary is not None:
            return tf.cast(label_ids(labels, self._vocabulary), tf.float32)
        if labels.dtype == tf.string:
            raise ArgumentError("`labels` must be numbers where there is no label_vocabulary. Received: dtype=string")
        return check_range(tf.cast(labels, tf.float32), 1)

    def _losses(self, truth: Any, logits: Any) -> Any:
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)

    def _own_metrics(self) -> dict[str, Any]:
        metrics = {
            "accuracy": keras.metrics.Accuracy(name="accuracy"),
            "precision": keras.metrics.Precision(name="precision"),
            "recall": keras.metrics.Recall(name="recall"),
            "prediction/mean": keras.metrics.Mean(name="prediction/mean"),
            "label/mean": keras.metrics.Mean(name="label/mean"),
            "accuracy_baseline": AccuracyBaseline(name="accuracy_baseline"),
            "auc": keras.metrics.AUC(name="auc"),
            "auc_precision_recall": keras.metrics.AUC(curve="PR", name="auc_precision_recall"),
        }
        named = {self._key(key): metric for key, metric in metrics.items()}
        return {**named, **threshold_metrics(self._thresholds, self._key)}

    def _update(self, metrics: dict[str, Any], logits: Any, truth: Any, weights: Any) -> None:
        said = self.predictions(logits, ["logistic", "class_ids"])
        for key in ("accuracy", "precision", "recall"):
            update_compared(metrics[self._key(key)], truth, said["class_ids"], weights)
        update_mean(metrics[self._key("prediction/mean")], said["logistic"], weights)
        for key in ("label/mean", "accuracy_baseline"):
            update_mean(metrics[self._key(key)], truth, weights)
        for key in ("auc", "auc_precision_recall"):
            update_compared(metrics[self._key(key)], truth, said["logistic"], weights)
        update_thresholds(metrics, self._thresholds, self._key, truth, said["logistic"], weights)
