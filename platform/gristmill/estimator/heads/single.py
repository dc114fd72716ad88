"""What the heads of one kind of label share: weighted losses, their mean as a metric, and their reduction."""

import abc
from collections.abc import Callable, Iterable
from typing import Any

import keras
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.heads.arguments import checked_loss_fn, checked_reduction, loss_fn_arguments
from gristmill.estimator.heads.base import Head
from gristmill.estimator.heads.checks import check_logits, check_shape
from gristmill.estimator.heads.metrics import update_mean
from gristmill.estimator.heads.weights import weights_of

__all__ = ["SingleHead", "chosen", "regularized", "summed"]


class SingleHead(Head):
    """A head of one kind of label.

    Args:
        weight_column: Name of the feature of weights, or its numeric column.
        loss_reduction: `sum` or `sum_over_batch_size` (the weighted sum over the number of losses).
        loss_fn: Gives losses `[D0, ..., DN, loss_dimension]` of labels and logits.
        name: Suffix of the metrics' keys.
    """

    loss_dimension = 1
    """Losses of an example."""

    per_logit_weights = False
    """Whether each logit may have its own weight."""

    def __init__(
        self, weight_column: Any, loss_reduction: str, loss_fn: Callable[..., Any] | None, name: str | None
    ) -> None:
        self._weight_column = weight_column
        self._loss_reduction = checked_reduction(loss_reduction)
        self._loss_fn = checked_loss_fn(loss_fn)
        self._name = name

    @property
    def name(self) -> str | None:
        """What the head is called."""
        return self._name

    @property
    def loss_reduction(self) -> str:
        """How the losses of a batch become one."""
        return self._loss_reduction

    def loss(
        self, labels: Any, logits: Any, features: Any = None, mode: Any = None, regularization_losses: Any = None
    ) -> Any:
        """The loss of a batch, a scalar.

        Args:
            labels: What the head wants as labels.
            logits: `[D0, ..., DN, logits_dimension]`.
            features: Name -> tensor; the weights are taken from here.
            mode: Makes no difference.
            regularization_losses: Scalars to add.

        Raises:
            ArgumentError: Labels, logits or weights break a rule.
        """
        _, _, losses, weights = self._batch(labels, logits, features)
        return regularized(self._reduced(losses, weights), regularization_losses)

    def metrics(self, regularization_losses: Any = None) -> dict[str, Any]:
        """New Keras metrics by key."""
        metrics = {self._key("average_loss"): keras.metrics.Mean(name="average_loss"), **self._own_metrics()}
        if regularization_losses is not None:
            metrics[self._key("regularization_loss")] = keras.metrics.Mean(name="regularization_loss")
        return metrics

    def update_metrics(  # type: ignore[override]
        self,
        eval_metrics: dict[str, Any],
        features: Any,
        logits: Any,
        labels: Any,
        regularization_losses: Any = None,
        mode: Any = None,
    ) -> dict[str, Any]:
        """Adds a batch to the metrics that `metrics` made, and gives them back; `mode` makes no difference."""
        logits, truth, losses, weights = self._batch(labels, logits, features)
        update_mean(eval_metrics[self._key("average_loss")], losses, weights)
        self._update(eval_metrics, logits, truth, weights)
        if regularization_losses is not None:
            eval_metrics[self._key("regularization_loss")].update_state(summed(regularization_losses))
        return eval_metrics

    @abc.abstractmethod
    def _truth(self, labels: Any, logits: Any) -> Any:
        """Labels as numbers, checked."""

    @abc.abstractmethod
    def _losses(self, truth: Any, logits: Any) -> Any:
        """Losses `[D0, ..., DN, loss_dimension]` where there is no `loss_fn`."""

    @abc.abstractmethod
    def _own_metrics(self) -> dict[str, Any]:
        """The metrics beside `average_loss` and `regularization_loss`."""

    @abc.abstractmethod
    def _update(self, metrics: dict[str, Any], logits: Any, truth: Any, weights: Any) -> None:
        """Adds a batch to the head's own metrics."""

    def _batch(self, labels: Any, logits: Any, features: Any) -> tuple[Any, Any, Any, Any]:
        """Logits, true labels, losses and weights (or None) of a batch."""
        logits = check_logits(logits, self.logits_dimension)
        truth = self._truth(labels, logits)
        losses = self._losses(truth, logits) if self._loss_fn is None else self._called(truth, logits, features)
        sizes = (1, self.logits_dimension) if self.per_logit_weights else (1,)
        return logits, truth, losses, weights_of(features, self._weight_column, logits, sizes)

    def _called(self, truth: Any, logits: Any, features: Any) -> Any:
        known = {"labels": truth, "logits": logits, "features": features, "loss_reduction": self._loss_reduction}
        named = {name: known[name] for name in loss_fn_arguments(self._loss_fn)}  # type: ignore[arg-type]
        losses = tf.convert_to_tensor(self._loss_fn(**named))  # type: ignore[misc]
        losses = losses if losses.dtype.is_floating else tf.cast(losses, tf.float32)
        return check_shape("loss_fn's losses", losses, logits, [self.loss_dimension])

    def _reduced(self, losses: Any, weights: Any) -> Any:
        weighted = losses if weights is None else losses * tf.cast(weights, losses.dtype)
        total = tf.reduce_sum(weighted)
        if self._loss_reduction == "sum":
            return total
        return tf.math.divide_no_nan(total, tf.cast(tf.size(weighted), total.dtype))


def regularized(loss: Any, regularization_losses: Any) -> Any:
    """A loss with the sum of others added, where these are not None."""
    return loss if regularization_losses is None else loss + summed(regularization_losses)


def summed(losses: Any) -> Any:
    """The sum of scalars, 0 where there are none."""
    return tf.add_n(losses) if losses else tf.constant(0.0)


def chosen(predictions: dict[str, Any], keys: Iterable[str] | None) -> dict[str, Any]:
    """Those of the predictions that are asked for; all where `keys` is empty or None.

    Raises:
        ArgumentError: A key is none of theirs.
    """
    wanted = list(keys or predictions)
    for key in wanted:
        if key not in predictions:
            raise ArgumentError(f"`keys` must be among {sorted(predictions)}. Received: {key!r}")
    return {key: value for key, value in predictions.items() if key in wanted}
