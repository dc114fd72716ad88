"""Baselines: they learn how often each label comes, and pass over the features."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from gristmill.estimator.canned.optimizers import Optimizer, fresh_optimizer, name_slots
from gristmill.estimator.canned.wide_deep import class_head
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.estimator import Estimator
from gristmill.estimator.heads import Head, RegressionHead, train_op
from gristmill.estimator.provenance import all_weights_are_made
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.spec import EstimatorSpec

__all__ = ["BaselineClassifier", "BaselineEstimator", "BaselineRegressor"]

_LEARNING_RATE = 0.3


class BaselineEstimator(Estimator):
    """Learns a bias under any head.

    Args:
        head: What the logits mean.
        model_dir: Folder of checkpoints; None makes a temporary one.
        optimizer: A name, a Keras optimizer, or a function that gives one.
        config: How to run.
    """

    def __init__(
        self,
        head: Head,
        model_dir: str | Path | None = None,
        optimizer: Optimizer = "Ftrl",
        config: RunConfig | None = None,
    ) -> None:
        def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
            all_weights_are_made()
            bias = tf.Variable(lambda: tf.zeros(head.logits_dimension), name="baseline/bias")
            logits = bias * tf.ones([_batch_size(features), head.logits_dimension])

            def step(loss: Any) -> Any:
                made = fresh_optimizer(optimizer, _LEARNING_RATE)
                name_slots(made, [bias], ["baseline/bias"])
                return train_op(loss, [(made, [bias])])

            return head.create_estimator_spec(features, mode, logits, labels, train_op_fn=step)

        super().__init__(model_fn, model_dir, config)


class BaselineClassifier(BaselineEstimator):
    """Predicts the share of each class.

    Args:
        model_dir: Folder of checkpoints; None makes a temporary one.
        n_classes: Number of classes.
        weight_column: Name of the feature, or numeric column, by which each example's loss is multiplied.
        label_vocabulary: The classes, where labels are text.
        optimizer: A name, a Keras optimizer, or a function that gives one.
        config: How to run.
        loss_reduction: `sum_over_batch_size` (the mean) or `sum`.
    """

    def __init__(
        self,
        model_dir: str | Path | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Optimizer = "Ftrl",
        config: RunConfig | None = None,
        loss_reduction: str = "sum_over_batch_size",
    ) -> None:
        head = class_head(n_classes, weight_column, label_vocabulary, loss_reduction)
        super().__init__(head, model_dir, optimizer, config)


class BaselineRegressor(BaselineEstimator):
    """Predicts the mean label.

    Args:
        model_dir: Folder of checkpoints; None makes a temporary one.
        label_dimension: Numbers a label holds.
        weight_column: Name of the feature, or numeric column, by which each example's loss is multiplied.
        optimizer: A name, a Keras optimizer, or a function that gives one.
        config: How to run.
        loss_reduction: `sum_over_batch_size` (the mean) or `sum`.
    """

    def __init__(
        self,
        model_dir: str | Path | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Optimizer = "Ftrl",
        config: RunConfig | None = None,
        loss_reduction: str = "sum_over_batch_size",
    ) -> None:
        head = RegressionHead(label_dimension, weight_column=weight_column, loss_reduction=loss_reduction)
        super().__init__(head, model_dir, optimizer, config)


def _batch_size(features: Any) -> Any:
    """The number of examples in a batch of features."""
    values = list(features.values()) if isinstance(features, Mapping) else [features]
    if not values:
        raise ArgumentError("features must hold at least one tensor. Received: none")
    first = values[0]
    if first.shape.rank == 0:
        name = next(iter(features)) if isinstance(features, Mapping) else "features"
        raise ArgumentError(f"the feature {name!r} must have one row a record: batch the dataset. Received: a scalar")
    if isinstance(first, tf.SparseTensor):
        return tf.cast(first.dense_shape[0], tf.int32)
    return tf.cast(first.nrows(), tf.int32) if isinstance(first, tf.RaggedTensor) else tf.shape(first)[0]
