"""Boosted trees with the names and arguments that tf.estimator had for them until 2.8, grown by LightGBM."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gristmill.estimator.canned.wide_deep import class_head
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.heads import RegressionHead
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.trees.estimator import TreesEstimator
from gristmill.estimator.trees.settings import Objective, TreeSettings

__all__ = ["BoostedTreesClassifier", "BoostedTreesRegressor"]


class BoostedTreesClassifier(TreesEstimator):
    """Boosted trees that tell classes; one tree a round, and one a class where there are more than two.

    Args:
        feature_columns: Numeric, bucketized and indicator columns of `tf.feature_column`, and
            `gristmill.features.NumberColumn`. NaN is a missing number.
        n_batches_per_layer: Batches that a layer is grown from; see `train`.
        model_dir: Folder of checkpoints; None makes a temporary one.
        n_classes: Number of classes.
        weight_column: Name of the feature, or numeric column, by which each example's loss is multiplied.
        label_vocabulary: The classes, where labels are text.
        n_trees: Trees (rounds of them, with more than two classes) in the end.
        max_depth: Comparisons on the way to a leaf, at most. Leaves are at most 131072.
        learning_rate: What each tree is multiplied by.
        l1_regularization: Weight of the leaves' absolute values in the mean loss.
        l2_regularization: Weight of their squares.
        tree_complexity: Least gain, in the mean loss, of a split where trees are pruned.
        min_node_weight: Least hessian, in the mean loss, of a leaf (tf.estimator's was that of a node to be split).
        config: How to run; its `tf_random_seed` is that of the growth, 0 where it is None.
        center_bias: Whether the first tree starts from the share of the classes.
        pruning_mode: `none`; or `pre`, which leaves out splits of little gain as trees grow. `post` does the same as `pre`:
            a weak split with a strong one below it is left out too.
        quantile_sketch_epsilon: One over the number of buckets in which numbers are sorted to find splits.
        train_in_memory: Demands that `n_batches_per_layer` is 1; trees are always grown in memory.

    Raises:
        ArgumentError: There is no column, or one that trees do not read, or an argument breaks its rule.
    """

    def __init__(
        self,
        feature_columns: Sequence[Any],
        n_batches_per_layer: float,
        model_dir: str | Path | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        n_trees: int = 100,
        max_depth: int = 6,
        learning_rate: float = 0.1,
        l1_regularization: float = 0.0,
        l2_regularization: float = 0.0,
        tree_complexity: float = 0.0,
        min_node_weight: float = 0.0,
        config: RunConfig | None = None,
        center_bias: bool = False,
        pruning_mode: str = "none",
        quantile_sketch_epsilon: float = 0.01,
        train_in_memory: bool = False,
    ) -> None:
        head = class_head(n_classes, weight_column, label_vocabulary, "sum_over_batch_size")
        binary = n_classes == 2
        objective = Objective("cross_entropy", 1, 1.0) if binary else Objective("multiclass", n_classes, 1.0)
        settings = TreeSettings(
            n_batches_per_layer, n_trees, max_depth, learning_rate, l1_regularization, l2_regularization,
            tree_complexity, min_node_weight, center_bias, pruning_mode, quantile_sketch_epsilon, train_in_memory,
        )  # fmt: skip
        super().__init__(feature_columns, head, objective, settings, weight_column, label_vocabulary, model_dir, config)


class BoostedTreesRegressor(TreesEstimator):
    """Boosted trees that tell a number.

    Args:
        feature_columns: Numeric, bucketized and indicator columns of `tf.feature_column`, and
            `gristmill.features.NumberColumn`. NaN is a missing number.
        n_batches_per_layer: Batches that a layer is grown from; see `train`.
        model_dir: Folder of checkpoints; None makes a temporary one.
        label_dimension: Numbers a label holds: 1.
        weight_column: Name of the feature, or numeric column, by which each example's loss is multiplied.
        n_trees: Trees in the end.
        max_depth: Comparisons on the way to a leaf, at most. Leaves are at most 131072.
        learning_rate: What each tree is multiplied by.
        l1_regularization: Weight of the leaves' absolute values in the mean loss.
        l2_regularization: Weight of their squares.
        tree_complexity: Least gain, in the mean loss, of a split where trees are pruned.
        min_node_weight: Least hessian, in the mean loss, of a leaf (tf.estimator's was that of a node to be split).
        config: How to run; its `tf_random_seed` is that of the growth, 0 where it is None.
        center_bias: Whether the first tree starts from the mean label.
        pruning_mode: `none`; or `pre`, which leaves out splits of little gain as trees grow. `post` does the same as `pre`:
            a weak split with a strong one below it is left out too.
        quantile_sketch_epsilon: One over the number of buckets in which numbers are sorted to find splits.
        train_in_memory: Demands that `n_batches_per_layer` is 1; trees are always grown in memory.

    Raises:
        ArgumentError: There is no column, or one that trees do not read, or an argument breaks its rule.
    """

    def __init__(
        self,
        feature_columns: Sequence[Any],
        n_batches_per_layer: float,
        model_dir: str | Path | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        n_trees: int = 100,
        max_depth: int = 6,
        learning_rate: float = 0.1,
        l1_regularization: float = 0.0,
        l2_regularization: float = 0.0,
        tree_complexity: float = 0.0,
        min_node_weight: float = 0.0,
        config: RunConfig | None = None,
        center_bias: bool = False,
        pruning_mode: str = "none",
        quantile_sketch_epsilon: float = 0.01,
        train_in_memory: bool = False,
    ) -> None:
        if label_dimension != 1:
            raise ArgumentError(
                "`label_dimension` must be 1: a tree's leaf holds one number; grow a regressor for each. "
                f"Received: label_dimension={label_dimension}"
            )
        head = RegressionHead(1, weight_column=weight_column)
        settings = TreeSettings(
            n_batches_per_layer, n_trees, max_depth, learning_rate, l1_regularization, l2_regularization,
            tree_complexity, min_node_weight, center_bias, pruning_mode, quantile_sketch_epsilon, train_in_memory,
        )  # fmt: skip
        super().__init__(
            feature_columns, head, Objective("regression", 1, 2.0), settings, weight_column, None, model_dir, config
        )
