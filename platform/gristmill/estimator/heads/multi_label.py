"""The head of several classes, of which an example may have any number."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export.outputs import ExportOutput
from gristmill.estimator.heads.arguments import checked_thresholds, checked_vocabulary
from gristmill.estimator.heads.checks import check_labels, check_logits, check_range
from gristmill.estimator.heads.classes import classification_outputs
from gristmill.estimator.heads.metrics import threshold_metrics, update_compared, update_mean, update_thresholds
from gristmill.estimator.heads.single import SingleHead, chosen
from gristmill.estimator.heads.vocabulary import all_classes, label_ids

__all__ = ["MultiLabelHead"]


class MultiLabelHead(SingleHead):
    """Sigmoid cross entropy of a logit per class, `[D0, ..., DN, n_classes]`, its mean over the classes.

    Labels are 0 or 1 for each class, `[D0, ..., DN, n_classes]`, or a `SparseTensor` `[D0, ..., DN, ?]` of class ids, or
    of words where there is a vocabulary. Weights are `[D0, ..., DN]` or `[D0, ..., DN, 1]`.

    Args:
        n_classes: More than 1.
        weight_column: Name of the feature of weights, or its numeric column.
        thresholds: Probabilities above which accuracy, precision and recall are taken, each in (0, 1).
        label_vocabulary: The names of the classes, one for each.
        loss_reduction: `sum` or `sum_over_batch_size`.
        loss_fn: Takes `labels` (0 or 1, `[D0, ..., DN, n_classes]`), `logits` and, if it likes, `features` and
            `loss_reduction`; gives losses `[D0, ..., DN, 1]`.
        classes_for_class_based_metrics: Ids or names of classes that get metrics of their own.
        name: Suffix of the metrics' keys.

    Raises:
        ArgumentError: An argument breaks a rule.
    """

    def __init__(
        self,
        n_classes: int,
        weight_column: Any = None,
        thresholds: Iterable[float] | None = None,
        label_vocabulary: Sequence[str] | None = None,
        loss_reduction: str = "sum_over_batch_size",
        loss_fn: Callable[..., Any] | None = None,
        classes_for_class_based_metrics: Sequence[int | str] | None = None,
        name: str | None = None,
    ) -> None:
        if n_classes is None or n_classes < 2:
            raise ArgumentError(f"`n_classes` must be > 1. Received: n_classes={n_classes}")
        super().__init__(weight_column, loss_reduction, loss_fn, name)
        self._n_classes = n_classes
        self._thresholds = checked_thresholds(thresholds)
        self._vocabulary = checked_vocabulary(label_vocabulary, n_classes)
        self._classes = [self._class_id(one) for one in classes_for_class_based_metrics or ()]

    @property
    def logits_dimension(self) -> int:
        """Size of the last axis of the logits."""
        return self._n_classes

    def predictions(self, logits: Any, keys: Sequence[str] | None = None) -> dict[str, Any]:
        """Predictions by key.

        Args:
            logits: `[D0, ..., DN, n_classes]`.
            keys: Which ones; None gives all.

        Returns:
            `logits` and `probabilities` as the logits, and `classes`, the names of all classes, `[D0, n_classes]`.
        """
        logits = check_logits(logits, self._n_classes)
        _, names = all_classes(logits, self._n_classes, self._vocabulary)
        return chosen({"logits": logits, "probabilities": tf.sigmoid(logits), "classes": names}, keys)

    def _export_outputs(self, features: Any, logits: Any, predictions: dict[Any, Any]) -> dict[str, ExportOutput]:
        return classification_outputs(predictions, self._n_classes, self._vocabulary)

    def _class_id(self, one: int | str) -> int:
        known: Sequence[int | str] = range(self._n_classes)
        if isinstance(one, str):
            known = self._vocabulary or []
        if one not in known:
            raise ArgumentError(
                f"`classes_for_class_based_metrics` must be ids in [0, {self._n_classes}) or words of the label_vocabulary. "
                f"Received: {one!r}"
            )
        return known.index(one)

    def _truth(self, labels: Any, logits: Any) -> Any:
        if isinstance(labels, tf.SparseTensor):
            ids = tf.SparseTensor(labels.indices, self._sparse_ids(labels.values), labels.dense_shape)
            labels = tf.cast(tf.sparse.to_indicator(ids, self._n_classes), tf.int64)
        labels = check_labels(labels, logits, self._n_classes)
        if labels.dtype == tf.string:
            raise ArgumentError("dense `labels` must be 0 or 1 for each class. Received: dtype=string")
        return check_range(labels, 1)

    def _sparse_ids(self, values: Any) -> Any:
        if values.dtype == tf.string and self._vocabulary is not None:
            return label_ids(values, self._vocabulary)
        if not values.dtype.is_integer:
            raise ArgumentError(
                "sparse `labels` must be integers, or strings where there is a label_vocabulary. "
                f"Received: dtype={values.dtype.name}"
            )
        return check_range(tf.cast(values, tf.int64), self._n_classes - 1)

    def _losses(self, truth: Any, logits: Any) -> Any:
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.cast(truth, tf.float32), logits=logits)
        return tf.reduce_mean(losses, axis=-1, keepdims=True)

    def _own_metrics(self) -> dict[str, Any]:
        metrics = {**_areas(self._key, ""), **threshold_metrics(self._thresholds, self._key)}
        for class_id in self._classes:
            told = self._told(class_id)
            key = self._key(f"probability_mean{told}")
            metrics |= {key: keras.metrics.Mean(name=key), **_areas(self._key, told)}
        return metrics

    def _update(self, metrics: dict[str, Any], logits: Any, truth: Any, weights: Any) -> None:
        said = tf.sigmoid(logits)
        self._update_areas(metrics, "", truth, said, weights)
        update_thresholds(metrics, self._thresholds, self._key, truth, said, weights)
        for class_id in self._classes:
            told, one = self._told(class_id), said[..., class_id : class_id + 1]
            update_mean(metrics[self._key(f"probability_mean{told}")], one, weights)
            self._update_areas(metrics, told, truth[..., class_id : class_id + 1], one, weights)

    def _update_areas(self, metrics: dict[str, Any], told: str, truth: Any, said: Any, weights: Any) -> None:
        for key in ("auc", "auc_precision_recall"):
            update_compared(metrics[self._key(f"{key}{told}")], truth, said, weights)

    def _told(self, class_id: int) -> str:
        return f"/class{class_id}" if self._vocabulary is None else f"/{self._vocabulary[class_id]}"


def _areas(key: Callable[[str], str], told: str) -> dict[str, Any]:
    curves = {"ROC": key(f"auc{told}"), "PR": key(f"auc_precision_recall{told}")}
    return {name: keras.metrics.AUC(curve=curve, name=name) for curve, name in curves.items()}
