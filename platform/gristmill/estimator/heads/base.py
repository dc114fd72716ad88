"""What every head can do, and how its parts make the spec of a mode."""

import abc
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export.outputs import ExportOutput
from gristmill.estimator.heads.train_op import chosen_train_op
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.spec import EstimatorSpec

__all__ = ["Head"]


class Head(abc.ABC):
    """The top of a model: predictions, loss, metrics and training from logits `[D0, ..., DN, logits_dimension]`."""

    @property
    @abc.abstractmethod
    def name(self) -> str | None:
        """What the head is called; its metrics' keys end in `/name`."""

    @property
    @abc.abstractmethod
    def logits_dimension(self) -> int:
        """Size of the last axis of the logits."""

    @property
    @abc.abstractmethod
    def loss_reduction(self) -> str:
        """How the losses of a batch become one: `sum` or `sum_over_batch_size`."""

    @abc.abstractmethod
    def loss(
        self, labels: Any, logits: Any, features: Any = None, mode: Any = None, regularization_losses: Any = None
    ) -> Any:
        """The loss of a batch, a scalar.

        Args:
            labels: What the head wants as labels.
            logits: `[D0, ..., DN, logits_dimension]`.
            features: Name -> tensor; the weights are taken from here.
            mode: A `ModeKeys`, for heads whose loss depends on it.
            regularization_losses: Scalars to add.
        """

    @abc.abstractmethod
    def predictions(self, logits: Any, keys: Sequence[str] | None = None) -> dict[Any, Any]:
        """Predictions by key.

        Args:
            logits: `[D0, ..., DN, logits_dimension]`.
            keys: Which ones; None gives all.
        """

    @abc.abstractmethod
    def metrics(self, regularization_losses: Any = None) -> dict[str, Any]:
        """New Keras metrics by key.

        Args:
            regularization_losses: Where they are not None, there is a metric of their sum too.
        """

    @abc.abstractmethod
    def update_metrics(
        self,
        eval_metrics: dict[str, Any],
        features: Any,
        logits: Any,
        labels: Any,
        mode: Any = None,
        regularization_losses: Any = None,
    ) -> dict[str, Any]:
        """Adds a batch to the metrics that `metrics` made, and gives them back.

        Args:
            eval_metrics: The metrics.
            features: Name -> tensor; the weights are taken from here.
            logits: `[D0, ..., DN, logits_dimension]`.
            labels: What the head wants as labels.
            mode: A `ModeKeys`, for heads whose metrics depend on it.
            regularization_losses: Scalars whose sum is added to their metric.
        """

    def create_estimator_spec(
        self,
        features: Any,
        mode: str,
        logits: Any,
        labels: Any = None,
        optimizer: Any = None,
        trainable_variables: Any = None,
        train_op_fn: Callable[[Any], Any] | None = None,
        update_ops: Any = None,
        regularization_losses: Any = None,
    ) -> EstimatorSpec:
        """What a model function gives back for a mode.

        Args:
            features: Name -> tensor; the weights are taken from here.
            mode: A `ModeKeys`.
            logits: `[D0, ..., DN, logits_dimension]`.
            labels: What the head wants as labels; needed in TRAIN and EVAL.
            optimizer: A Keras optimizer or a `tf.compat.v1.train.Optimizer` that lessens the loss.
            trainable_variables: A list or tuple of the variables that it changes; a Keras optimizer needs it.
            train_op_fn: Makes the training operation from the loss; TRAIN needs either this or an optimizer.
            update_ops: A list or tuple of operations to run in each training step.
            regularization_losses: Scalars to add to the loss.

        Raises:
            ArgumentError: An argument breaks a rule.
        """
        if mode not in (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT):
            raise ArgumentError(f"`mode` must be one of ModeKeys. Received: mode={mode!r}")
        predictions = self.predictions(logits)
        if mode == ModeKeys.PREDICT:
            outputs = self._export_outputs(features, logits, predictions)
            return EstimatorSpec(mode, predictions=predictions, export_outputs=outputs)
        given = {"features": features, "labels": labels, "logits": logits}
        loss = self.loss(**given, mode=mode, regularization_losses=regularization_losses)
        if mode == ModeKeys.EVAL:
            metrics = self.metrics(regularization_losses=regularization_losses)
            updated = self.update_metrics(metrics, **given, regularization_losses=regularization_losses)
            return EstimatorSpec(mode, predictions=predictions, loss=loss, eval_metric_ops=updated)
        step = chosen_train_op(loss, optimizer, trainable_variables, train_op_fn, update_ops)
        return EstimatorSpec(mode, predictions=predictions, loss=loss, train_op=step)

    def _export_outputs(
        self, features: Any, logits: Any, predictions: dict[Any, Any]
    ) -> Mapping[str, ExportOutput] | None:
        """What is served, by name of a signature; None serves the predictions."""
        del features, logits, predictions
        return None

    def _key(self, key: str) -> str:
        return f"{key}/{self.name}" if self.name else key
