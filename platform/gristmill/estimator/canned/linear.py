"""Linear estimators: one weight a value."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gristmill.estimator.canned.optimizers import Optimizer
from gristmill.estimator.canned.parts import LinearPart
from gristmill.estimator.canned.wide_deep import WideDeepEstimator, class_head, columns_of
from gristmill.estimator.heads import Head, RegressionHead
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.warm_start import WarmStartSettings

_LEARNING_RATE = 0.2

__all__ = ["LinearClassifier", "LinearEstimator", "LinearRegressor"]


class LinearClassifier(WideDeepEstimator):
    """A linear classifier.

    Args:
        feature_columns: What it reads of an example: columns of `tf.feature_column` or `gristmill.features`.
        model_dir: Folder of checkpoints; None makes a temporary one.
        n_classes: Number of classes.
        weight_column: Name of the feature, or numeric column, by which each example's loss is multiplied.
        label_vocabulary: The classes, where labels are text.
        optimizer: A name, a Keras optimizer, or a function that gives one.
        config: How to run.
        warm_start_from: First values, where the folder has no checkpoint.
        loss_reduction: `sum_over_batch_size` (the mean) or `sum`.
        sparse_combiner: How several values of a categorical column go together: `sum`, `mean` or `sqrtn`.

    Raises:
        ArgumentError: There is no column, or an argument breaks its rule.
    """

    def __init__(
        self,
        feature_columns: Sequence[Any],
        model_dir: str | Path | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Optimizer = "Ftrl",
        config: RunConfig | None = None,
        warm_start_from: str | WarmStartSettings | None = None,
        loss_reduction: str = "sum_over_batch_size",
        sparse_combiner: str = "sum",
    ) -> None:
        head = class_head(n_classes, weight_column, label_vocabulary, loss_reduction)
        columns = columns_of("feature_columns", feature_columns)
        linear = LinearPart(columns, optimizer, _LEARNING_RATE, sparse_combiner)
        super().__init__(head, linear, None, model_dir, config, warm_start_from)


class LinearRegressor(WideDeepEstimator):
    """A linear regressor.

    Args:
        feature_columns: What it reads of an example: columns of `tf.feature_column` or `gristmill.features`.
        model_dir: Folder of checkpoints; None makes a temporary one.
        label_dimension: Numbers a label holds.
        weight_column: Name of the feature, or numeric column, by which each example's loss is multiplied.
        optimizer: A name, a Keras optimizer, or a function that gives one.
        config: How to run.
        warm_start_from: First values, where the folder has no checkpoint.
        loss_reduction: `sum_over_batch_size` (the mean) or `sum`.
        sparse_combiner: How several values of a categorical column go together: `sum`, `mean` or `sqrtn`.

    Raises:
        ArgumentError: There is no column, or an argument breaks its rule.
    """

    def __init__(
        self,
        feature_columns: Sequence[Any],
        model_dir: str | Path | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Optimizer = "Ftrl",
        config: RunConfig | None = None,
        warm_start_from: str | WarmStartSettings | None = None,
        loss_reduction: str = "sum_over_batch_size",
        sparse_combiner: str = "sum",
    ) -> None:
        head = RegressionHead(label_dimension, weight_column=weight_column, loss_reduction=loss_reduction)
        columns = columns_of("feature_columns", feature_columns)
        linear = LinearPart(columns, optimizer, _LEARNING_RATE, sparse_combiner)
        super().__init__(head, linear, None, model_dir, config, warm_start_from)


class LinearEstimator(WideDeepEstimator):
    """A linear model under any head.

    Args:
        head: What the logits mean.
        feature_columns: What it reads of an example: columns of `tf.feature_column` or `gristmill.features`.
        model_dir: Folder of checkpoints; None makes a temporary one.
        optimizer: A name, a Keras optimizer, or a function that gives one.
        config: How to run.
        sparse_combiner: How several values of a categorical column go together: `sum`, `mean` or `sqrtn`.
        warm_start_from: First values, where the folder has no checkpoint.

    Raises:
        ArgumentError: There is no column, or an argument breaks its rule.
    """

    def __init__(
        self,
        head: Head,
        feature_columns: Sequence[Any],
        model_dir: str | Path | None = None,
        optimizer: Optimizer = "Ftrl",
        config: RunConfig | None = None,
        sparse_combiner: str = "sum",
        warm_start_from: str | WarmStartSettings | None = None,
    ) -> None:
        columns = columns_of("feature_columns", feature_columns)
        linear = LinearPart(columns, optimizer, _LEARNING_RATE, sparse_combiner)
        super().__init__(head, linear, None, model_dir, config, warm_start_from)
