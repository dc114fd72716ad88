"""Wide-and-deep estimators: a linear model and a network with their logits added, each with its own optimizer."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from gristmill.estimator.canned.optimizers import Optimizer
from gristmill.estimator.canned.parts import DeepPart, LinearPart
from gristmill.estimator.canned.wide_deep import WideDeepEstimator, class_head
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.heads import Head, RegressionHead
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.warm_start import WarmStartSettings

_HIGHEST_LINEAR_RATE = 0.005
_DNN_LEARNING_RATE = 0.001

__all__ = ["DNNLinearCombinedClassifier", "DNNLinearCombinedEstimator", "DNNLinearCombinedRegressor"]


class DNNLinearCombinedClassifier(WideDeepEstimator):
    """A wide-and-deep classifier.

    Args:
        model_dir: Folder of checkpoints; None makes a temporary one.
        linear_feature_columns: What the linear part reads.
        linear_optimizer: Of the linear part.
        dnn_feature_columns: What the network reads.
        dnn_optimizer: Of the network.
        dnn_hidden_units: Widths of the network's hidden layers.
        dnn_activation_fn: Of the network's hidden layers.
        dnn_dropout: Share of each hidden layer's outputs that training drops.
        n_classes: Number of classes.
        weight_column: Name of the feature, or numeric column, by which each example's loss is multiplied.
        label_vocabulary: The classes, where labels are text.
        config: How to run.
        warm_start_from: First values, where the folder has no checkpoint.
        loss_reduction: `sum_over_batch_size` (the mean) or `sum`.
        batch_norm: Whether each hidden layer's outputs are normalised.
        linear_sparse_combiner: How several values of a categorical column of the linear part go together.
        dnn_embedding_dropout: Share of the network's inputs that training drops; gristmill's own, for its own columns.

    Raises:
        ArgumentError: There is no column, or an argument breaks its rule.
    """

    def __init__(
        self,
        model_dir: str | Path | None = None,
        linear_feature_columns: Sequence[Any] | None = None,
        linear_optimizer: Optimizer = "Ftrl",
        dnn_feature_columns: Sequence[Any] | None = None,
        dnn_optimizer: Optimizer = "Adagrad",
        dnn_hidden_units: Sequence[int] | None = None,
        dnn_activation_fn: Callable[[Any], Any] = tf.nn.relu,
        dnn_dropout: float | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | WarmStartSettings | None = None,
        loss_reduction: str = "sum_over_batch_size",
        batch_norm: bool = False,
        linear_sparse_combiner: str = "sum",
        dnn_embedding_dropout: float = 0.0,
    ) -> None:
        head = class_head(n_classes, weight_column, label_vocabulary, loss_reduction)
        linear = _linear(linear_feature_columns, linear_optimizer, linear_sparse_combiner)
        deep = _deep(
            dnn_feature_columns,
            dnn_hidden_units,
            dnn_optimizer,
            dnn_activation_fn,
            dnn_dropout,
            batch_norm,
            dnn_embedding_dropout,
        )
        super().__init__(head, linear, deep, model_dir, config, warm_start_from)


class DNNLinearCombinedRegressor(WideDeepEstimator):
    """A wide-and-deep regressor.

    Args:
        model_dir: Folder of checkpoints; None makes a temporary one.
        linear_feature_columns: What the linear part reads.
        linear_optimizer: Of the linear part.
        dnn_feature_columns: What the network reads.
        dnn_optimizer: Of the network.
        dnn_hidden_units: Widths of the network's hidden layers.
        dnn_activation_fn: Of the network's hidden layers.
        dnn_dropout: Share of each hidden layer's outputs that training drops.
        label_dimension: Numbers a label holds.
        weight_column: Name of the feature, or numeric column, by which each example's loss is multiplied.
        config: How to run.
        warm_start_from: First values, where the folder has no checkpoint.
        loss_reduction: `sum_over_batch_size` (the mean) or `sum`.
        batch_norm: Whether each hidden layer's outputs are normalised.
        linear_sparse_combiner: How several values of a categorical column of the linear part go together.
        dnn_embedding_dropout: Share of the network's inputs that training drops; gristmill's own, for its own columns.

    Raises:
        ArgumentError: There is no column, or an argument breaks its rule.
    """

    def __init__(
        self,
        model_dir: str | Path | None = None,
        linear_feature_columns: Sequence[Any] | None = None,
        linear_optimizer: Optimizer = "Ftrl",
        dnn_feature_columns: Sequence[Any] | None = None,
        dnn_optimizer: Optimizer = "Adagrad",
        dnn_hidden_units: Sequence[int] | None = None,
        dnn_activation_fn: Callable[[Any], Any] = tf.nn.relu,
        dnn_dropout: float | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        config: RunConfig | None = None,
        warm_start_from: str | WarmStartSettings | None = None,
        loss_reduction: str = "sum_over_batch_size",
        batch_norm: bool = False,
        linear_sparse_combiner: str = "sum",
        dnn_embedding_dropout: float = 0.0,
    ) -> None:
        head = RegressionHead(label_dimension, weight_column=weight_column, loss_reduction=loss_reduction)
        linear = _linear(linear_feature_columns, linear_optimizer, linear_sparse_combiner)
        deep = _deep(
            dnn_feature_columns,
            dnn_hidden_units,
            dnn_optimizer,
            dnn_activation_fn,
            dnn_dropout,
            batch_norm,
            dnn_embedding_dropout,
        )
        super().__init__(head, linear, deep, model_dir, config, warm_start_from)


class DNNLinearCombinedEstimator(WideDeepEstimator):
    """A wide-and-deep model under any head.

    Args:
        head: What the logits mean.
        model_dir: Folder of checkpoints; None makes a temporary one.
        linear_feature_columns: What the linear part reads.
        linear_optimizer: Of the linear part.
        dnn_feature_columns: What the network reads.
        dnn_optimizer: Of the network.
        dnn_hidden_units: Widths of the network's hidden layers.
        dnn_activation_fn: Of the network's hidden layers.
        dnn_dropout: Share of each hidden layer's outputs that training drops.
        config: How to run.
        batch_norm: Whether each hidden layer's outputs are normalised.
        linear_sparse_combiner: How several values of a categorical column of the linear part go together.
        warm_start_from: First values, where the folder has no checkpoint.
        dnn_embedding_dropout: Share of the network's inputs that training drops; gristmill's own, for its own columns.

    Raises:
        ArgumentError: There is no column, or an argument breaks its rule.
    """

    def __init__(
        self,
        head: Head,
        model_dir: str | Path | None = None,
        linear_feature_columns: Sequence[Any] | None = None,
        linear_optimizer: Optimizer = "Ftrl",
        dnn_feature_columns: Sequence[Any] | None = None,
        dnn_optimizer: Optimizer = "Adagrad",
        dnn_hidden_units: Sequence[int] | None = None,
        dnn_activation_fn: Callable[[Any], Any] = tf.nn.relu,
        dnn_dropout: float | None = None,
        config: RunConfig | None = None,
        batch_norm: bool = False,
        linear_sparse_combiner: str = "sum",
        warm_start_from: str | WarmStartSettings | None = None,
        dnn_embedding_dropout: float = 0.0,
    ) -> None:
        linear = _linear(linear_feature_columns, linear_optimizer, linear_sparse_combiner)
        deep = _deep(
            dnn_feature_columns,
            dnn_hidden_units,
            dnn_optimizer,
            dnn_activation_fn,
            dnn_dropout,
            batch_norm,
            dnn_embedding_dropout,
        )
        super().__init__(head, linear, deep, model_dir, config, warm_start_from)


def _linear(columns: Sequence[Any] | None, optimizer: Optimizer, sparse_combiner: str) -> LinearPart | None:
    if not columns:
        return None
    rate = min(_HIGHEST_LINEAR_RATE, 1.0 / math.sqrt(len(columns)))
    return LinearPart(list(columns), optimizer, rate, sparse_combiner)


def _deep(
    columns: Sequence[Any] | None, hidden_units: Sequence[int] | None, optimizer: Optimizer, *rest: Any
) -> DeepPart | None:
    if not columns:
        return None
    if not hidden_units:
        raise ArgumentError(f"dnn_hidden_units must be given beside dnn_feature_columns. Received: {hidden_units}")
    return DeepPart(list(columns), hidden_units, optimizer, _DNN_LEARNING_RATE, *rest)
