"""The head of more than two classes, of which an example has one."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export.outputs import ExportOutput
from gristmill.estimator.heads.arguments import checked_vocabulary
from gristmill.estimator.heads.checks import check_labels, check_logits, check_range
from gristmill.estimator.heads.classes import class_predictions, classification_outputs
from gristmill.estimator.heads.metrics import update_compared
from gristmill.estimator.heads.single import SingleHead, chosen
from gristmill.estimator.heads.vocabulary import label_ids

__all__ = ["MultiClassHead"]


class MultiClassHead(SingleHead):
    """Softmax cross entropy of a logit per class, `[D0, ..., DN, n_classes]`.

    Labels are integers within [0, n_classes), or words of the vocabulary, `[D0, ..., DN]` or `[D0, ..., DN, 1]`; weights
    have one of these shapes too.

    Args:
        n_classes: More than 2.
        weight_column: Name of the feature of weights, or its numeric column.
        label_vocabulary: The names of the classes, one for each.
        loss_reduction: `sum` or `sum_over_batch_size`.
        loss_fn: Takes `labels` (integers, `[D0, ..., DN, 1]`), `logits` and, if it likes, `features` and
            `loss_reduction`; gives losses `[D0, ..., DN, 1]`.
        name: Suffix of the metrics' keys.

    Raises:
        ArgumentError: An argument breaks a rule.
    """

    def __init__(
        self,
        n_classes: int,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        loss_reduction: str = "sum_over_batch_size",
        loss_fn: Callable[..., Any] | None = None,
        name: str | None = None,
    ) -> None:
        if n_classes is None or n_classes <= 2:
            raise ArgumentError(f"`n_classes` must be > 2. Received: n_classes={n_classes}")
        super().__init__(weight_column, loss_reduction, loss_fn, name)
        self._n_classes = n_classes
        self._vocabulary = checked_vocabulary(label_vocabulary, n_classes)

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
            `logits`, and what `class_predictions` gives.
        """
        logits = check_logits(logits, self._n_classes)
        return chosen({"logits": logits, **class_predictions(logits, self._n_classes, self._vocabulary)}, keys)

    def _export_outputs(self, features: Any, logits: Any, predictions: dict[Any, Any]) -> dict[str, ExportOutput]:
        return classification_outputs(predictions, self._n_classes, self._vocabulary)

    def _truth(self, labels: Any, logits: Any) -> Any:
        labels = check_labels(labels, logits, 1)
        if self._vocabulary is not None:
            return label_ids(labels, self._vocabulary)
        if not labels.dtype.is_integer:
            raise ArgumentError(
                f"`labels` must be integers where there is no label_vocabulary. Received: dtype={labels.dtype.name}"
            )
        return check_range(labels, self._n_classes - 1)

    def _losses(self, truth: Any, logits: Any) -> Any:
        labels = tf.cast(tf.squeeze(truth, -1), tf.int64)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)[..., tf.newaxis]

    def _own_metrics(self) -> dict[str, Any]:
        return {self._key("accuracy"): keras.metrics.Accuracy(name="accuracy")}

    def _update(self, metrics: dict[str, Any], logits: Any, truth: Any, weights: Any) -> None:
        said = self.predictions(logits, ["class_ids"])["class_ids"]
        update_compared(metrics[self._key("accuracy")], truth, said, weights)
