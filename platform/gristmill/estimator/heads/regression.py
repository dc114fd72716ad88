"""The heads of numbers: squared error, counts after Poisson, and probabilities."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export.outputs import ExportOutput, PredictOutput, RegressionOutput
from gristmill.estimator.heads.checks import check_labels, check_logits, check_range
from gristmill.estimator.heads.metrics import update_mean
from gristmill.estimator.heads.single import SingleHead, chosen

__all__ = ["LogisticRegressionHead", "PoissonRegressionHead", "RegressionHead"]


class RegressionHead(SingleHead):
    """Squared error of logits `[D0, ..., DN, label_dimension]`.

    Labels have the shape of the logits, or `[D0, ..., DN]` where `label_dimension` is 1; weights are `[D0, ..., DN]`,
    `[D0, ..., DN, 1]` or `[D0, ..., DN, label_dimension]`.

    Args:
        label_dimension: Numbers that an example has as its label.
        weight_column: Name of the feature of weights, or its numeric column.
        loss_reduction: `sum` or `sum_over_batch_size` (the weighted sum over the number of examples and labels).
        loss_fn: Takes `labels` (float32, as the logits), `logits` and, if it likes, `features` and `loss_reduction`;
            gives losses `[D0, ..., DN, label_dimension]`.
        inverse_link_fn: Makes predictions of logits.
        name: Suffix of the metrics' keys.

    Raises:
        ArgumentError: An argument breaks a rule.
    """

    per_logit_weights = True

    def __init__(
        self,
        label_dimension: int = 1,
        weight_column: Any = None,
        loss_reduction: str = "sum_over_batch_size",
        loss_fn: Callable[..., Any] | None = None,
        inverse_link_fn: Callable[[Any], Any] | None = None,
        name: str | None = None,
    ) -> None:
        if label_dimension < 1:
            raise ArgumentError(f"`label_dimension` must be positive. Received: label_dimension={label_dimension}")
        super().__init__(weight_column, loss_reduction, loss_fn, name)
        self.loss_dimension = label_dimension
        self._inverse_link_fn = inverse_link_fn

    @property
    def logits_dimension(self) -> int:
        """Size of the last axis of the logits."""
        return self.loss_dimension

    def predictions(self, logits: Any, keys: Sequence[str] | None = None) -> dict[str, Any]:
        """Predictions by key.

        Args:
            logits: `[D0, ..., DN, label_dimension]`.
            keys: Which ones; None gives all.

        Returns:
            `predictions` as the logits, and the `logits` where there is an `inverse_link_fn`.
        """
        logits = check_logits(logits, self.logits_dimension)
        if self._inverse_link_fn is None:
            return chosen({"predictions": logits}, keys)
        return chosen({"predictions": self._inverse_link_fn(logits), "logits": logits}, keys)

    def _export_outputs(self, features: Any, logits: Any, predictions: dict[Any, Any]) -> dict[str, ExportOutput]:
        regression = RegressionOutput(value=predictions["predictions"])
        return {
            tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY: regression,
            "regression": regression,
            "predict": PredictOutput(predictions),
        }

    def _truth(self, labels: Any, logits: Any) -> Any:
        labels = check_labels(labels, logits, self.logits_dimension)
        if labels.dtype == tf.string:
            raise ArgumentError("`labels` must be numbers. Received: dtype=string")
        return tf.cast(labels, tf.float32)

    def _losses(self, truth: Any, logits: Any) -> Any:
        return tf.math.squared_difference(logits, truth)

    def _own_metrics(self) -> dict[str, Any]:
        return {self._key(key): keras.metrics.Mean(name=key) for key in ("prediction/mean", "label/mean")}

    def _update(self, metrics: dict[str, Any], logits: Any, truth: Any, weights: Any) -> None:
        update_mean(metrics[self._key("prediction/mean")], self.predictions(logits)["predictions"], weights)
        update_mean(metrics[self._key("label/mean")], truth, weights)


class PoissonRegressionHead(RegressionHead):
    """Counts: logits are logarithms of the mean of a Poisson distribution, predictions the means.

    Args:
        label_dimension: Numbers that an example has as its label.
        weight_column: Name of the feature of weights, or its numeric column.
        loss_reduction: `sum` or `sum_over_batch_size`.
        compute_full_loss: Whether the loss has Stirling's term of the label, which no gradient sees.
        name: Suffix of the metrics' keys.
    """

    def __init__(
        self,
        label_dimension: int = 1,
        weight_column: Any = None,
        loss_reduction: str = "sum_over_batch_size",
        compute_full_loss: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(label_dimension, weight_column, loss_reduction, None, tf.math.exp, name)
        self._compute_full_loss = compute_full_loss

    def _losses(self, truth: Any, logits: Any) -> Any:
        return tf.nn.log_poisson_loss(truth, logits, compute_full_loss=self._compute_full_loss)


class LogisticRegressionHead(RegressionHead):
    """Probabilities: sigmoid cross entropy of labels within [0, 1], predictions the probabilities.

    Args:
        weight_column: Name of the feature of weights, or its numeric column.
        loss_reduction: `sum` or `sum_over_batch_size`.
        name: Suffix of the metrics' keys.
    """

    def __init__(
        self, weight_column: Any = None, loss_reduction: str = "sum_over_batch_size", name: str | None = None
    ) -> None:
        super().__init__(1, weight_column, loss_reduction, None, tf.math.sigmoid, name)

    def _truth(self, labels: Any, logits: Any) -> Any:
        return check_range(super()._truth(labels, logits), 1)

    def _losses(self, truth: Any, logits: Any) -> Any:
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)
