"""Deep estimators: a network of dense layers."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from gristmill.estimator.canned.optimizers import Optimizer
from gristmill.estimator.canned.parts import DeepPart
from gristmill.estimator.canned.wide_deep import WideDeepEstimator, class_head, columns_of
from gristmill.estimator.heads import Head, RegressionHead
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.warm_start import WarmStartSettings

__all__ = ["DNNClassifier", "DNNEstimator", "DNNRegressor"]


class DNNClassifier(WideDeepEstimator):
    """A network that classifies.

    Args:
        hidden_units: Widths of the hidden layers.
        feature_columns: What it reads of an example: columns of `tf.feature_column` or `gristmill.features`.
        model_dir: Folder of checkpoints; None makes a temporary one.
        n_classes: Number of classes.
        weight_column: Name of the feature, or numeric column, by which each example's loss is multiplied.
        label_vocabulary: The classes, where labels are text.
        optimizer: A name, a Keras optimizer, or a function that gives one.
        activation_fn: Of the hidden layers.
        dropout: Share of each hidden layer's outputs that training drops.
        config: How to run.
        warm_start_from: First values, where the folder has no checkpoint.
        loss_reduction: `sum_over_batch_size` (the mean) or `sum`.
        batch_norm: Whether each hidden layer's outputs are normalised.
        embedding_dropout: Share of the network's inputs that training drops; gristmill's own, for its own columns.

    Raises:
        ArgumentError: There is no column, or an argument breaks its rule.
    """

    def __init__(
        self,
        hidden_units: Sequence[int],
        feature_columns: Sequence[Any],
        model_dir: str | Path | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Optimizer = "Adagrad",
        activation_fn: Callable[[Any], Any] = tf.nn.relu,
        dropout: float | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | WarmStartSettings | None = None,
        loss_reduction: str = "sum_over_batch_size",
        batch_norm: bool = False,
        embedding_dropout: float = 0.0,
    ) -> None:
        head = class_head(n_classes, weight_column, label_vocabulary, loss_reduction)
        columns = columns_of("feature_columns", feature_columns)
        deep = DeepPart(columns, hidden_units, optimizer, None, activation_fn, dropout, batch_norm, embedding_dropout)
        super().__init__(head, None, deep, model_dir, config, warm_start_from)


class DNNRegressor(WideDeepEstimator):
    """A network that gives numbers.

    Args:
        hidden_units: Widths of the hidden layers.
        feature_columns: What it reads of an example: columns of `tf.feature_column` or `gristmill.features`.
        model_dir: Folder of checkpoints; None makes a temporary one.
        label_dimension: Numbers a label holds.
        weight_column: Name of the feature, or numeric column, by which each example's loss is multiplied.
        optimizer: A name, a Keras optimizer, or a function that gives one.
        activation_fn: Of the hidden layers.
        dropout: Share of each hidden layer's outputs that training drops.
        config: How to run.
        warm_start_from: First values, where the folder has no checkpoint.
        loss_reduction: `sum_over_batch_size` (the mean) or `sum`.
        batch_norm: Whether each hidden layer's outputs are normalised.
        embedding_dropout: Share of the network's inputs that training drops; gristmill's own, for its own columns.

    Raises:
        ArgumentError: There is no column, or an argument breaks its rule.
    """

    def __init__(
        self,
        hidden_units: Sequence[int],
        feature_columns: Sequence[Any],
        model_dir: str | Path | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Optimizer = "Adagrad",
        activation_fn: Callable[[Any], Any] = tf.nn.relu,
        dropout: float | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | WarmStartSettings | None = None,
        loss_reduction: str = "sum_over_batch_size",
        batch_norm: bool = False,
        embedding_dropout: float = 0.0,
    ) -> None:
        head = RegressionHead(label_dimension, weight_column=weight_column, loss_reduction=loss_reduction)
        columns = columns_of("feature_columns", feature_columns)
        deep = DeepPart(columns, hidden_units, optimizer, None, activation_fn, dropout, batch_norm, embedding_dropout)
        super().__init__(head, None, deep, model_dir, config, warm_start_from)


class DNNEstimator(WideDeepEstimator):
    """A network under any head.

    Args:
        head: What the logits mean.
        hidden_units: Widths of the hidden layers.
        feature_columns: What it reads of an example: columns of `tf.feature_column` or `gristmill.features`.
        model_dir: Folder of checkpoints; None makes a temporary one.
        optimizer: A name, a Keras optimizer, or a function that gives one.
        activation_fn: Of the hidden layers.
        dropout: Share of each hidden layer's outputs that training drops.
        config: How to run.
        warm_start_from: First values, where the folder has no checkpoint.
        batch_norm: Whether each hidden layer's outputs are normalised.
        embedding_dropout: Share of the network's inputs that training drops; gristmill's own, for its own columns.

    Raises:
        ArgumentError: There is no column, or an argument breaks its rule.
    """

    def __init__(
        self,
        head: Head,
        hidden_units: Sequence[int],
        feature_columns: Sequence[Any],
        model_dir: str | Path | None = None,
        optimizer: Optimizer = "Adagrad",
        activation_fn: Callable[[Any], Any] = tf.nn.relu,
        dropout: float | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | WarmStartSettings | None = None,
        batch_norm: bool = False,
        embedding_dropout: float = 0.0,
    ) -> None:
        columns = columns_of("feature_columns", feature_columns)
        deep = DeepPart(columns, hidden_units, optimizer, None, activation_fn, dropout, batch_norm, embedding_dropout)
        super().__init__(head, None, deep, model_dir, config, warm_start_from)
