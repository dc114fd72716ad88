"""How trees are grown: the arguments of tf.estimator's boosted trees, checked, and LightGBM's parameters for them."""

import math
import os
from dataclasses import dataclass
from typing import Any, NamedTuple

from gristmill.estimator.errors import ArgumentError

__all__ = ["Objective", "TreeSettings"]

_MOST_LEAVES = 131072
_LEAST_HESSIAN = 1e-3
_PRUNING = ("none", "pre", "post")


class Objective(NamedTuple):
    """The loss that trees lessen."""

    name: str
    """LightGBM's name of it."""
    units: int
    """Logits an example, and so trees a round."""
    gradient: float
    """How many times greater tf.estimator's gradient is than LightGBM's."""

    @property
    def text(self) -> str:
        """As it stands in a model of LightGBM."""
        return self.name if self.units == 1 else f"{self.name} num_class:{self.units}"


@dataclass(frozen=True)
class TreeSettings:
    """The arguments that the boosted trees have in common.

    Raises:
        ArgumentError: One breaks its rule.
    """

    n_batches_per_layer: float
    n_trees: int
    max_depth: int
    learning_rate: float
    l1_regularization: float
    l2_regularization: float
    tree_complexity: float
    min_node_weight: float
    center_bias: bool
    pruning_mode: str
    quantile_sketch_epsilon: float
    train_in_memory: bool

    def __post_init__(self) -> None:
        for name in ("n_batches_per_layer", "n_trees", "max_depth", "learning_rate"):
            _demand(getattr(self, name) > 0, name, "more than 0", getattr(self, name))
        for name in ("l1_regularization", "l2_regularization", "tree_complexity", "min_node_weight"):
            _demand(getattr(self, name) >= 0, name, "0 or more", getattr(self, name))
        epsilon = self.quantile_sketch_epsilon
        _demand(0 < epsilon < 1, "quantile_sketch_epsilon", "between 0 and 1", epsilon)
        _demand(self.pruning_mode in _PRUNING, "pruning_mode", f"one of {_PRUNING}", self.pruning_mode)
        if self.pruning_mode != "none":
            rule = f"more than 0 where pruning_mode={self.pruning_mode!r}"
            _demand(self.tree_complexity > 0, "tree_complexity", rule, self.tree_complexity)
        if self.train_in_memory:
            rule = "1 where train_in_memory=True: the input is one batch then"
            _demand(self.n_batches_per_layer == 1, "n_batches_per_layer", rule, self.n_batches_per_layer)

    @property
    def batches(self) -> int:
        """Batches that a layer is grown from."""
        return math.ceil(self.n_batches_per_layer)

    @property
    def steps(self) -> int:
        """Steps that a tree takes: a batch is a step, some batches a layer, and `max_depth` layers a tree."""
        return self.batches * self.max_depth

    def rounds(self, done: int, steps: int | None) -> int:
        """Trees to grow.

        Args:
            done: Trees that are there.
            steps: Steps to do; None for all trees. The last tree is finished, though they end within it.
        """
        missing = max(0, self.n_trees - done)
        return missing if steps is None else min(missing, math.ceil(steps / self.steps))

    def parameters(self, objective: Objective, rows: int, mean_weight: float, seed: int | None) -> dict[str, Any]:
        """LightGBM's parameters (https://lightgbm.readthedocs.io/en/stable/Parameters.html).

        tf.estimator's losses are means over a batch and LightGBM's are sums over examples of mean weight 1, so that what
        is compared with sums of gradients is multiplied.

        Args:
            objective: The loss.
            rows: Examples.
            mean_weight: Of the examples, before it was made 1.
            seed: None takes 0.
        """
        sums = rows / (mean_weight * objective.gradient)
        return {
            "objective": objective.name,
            "num_class": objective.units,
            "max_depth": self.max_depth,
            "num_leaves": int(min(2.0 ** min(self.max_depth, 64), _MOST_LEAVES)),
            "learning_rate": self.learning_rate,
            "lambda_l1": self.l1_regularization * sums,
            "lambda_l2": self.l2_regularization * sums,
            "min_gain_to_split": self.tree_complexity * sums if self.pruning_mode != "none" else 0.0,
            "min_sum_hessian_in_leaf": max(self.min_node_weight * sums, _LEAST_HESSIAN),
            "boost_from_average": self.center_bias,
            "max_bin": max(2, int(1 / self.quantile_sketch_epsilon)),
            "min_data_in_leaf": 1,
            "min_data_in_bin": 1,
            "feature_pre_filter": False,
            "seed": seed or 0,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": min(2, os.cpu_count() or 1),
            "verbosity": -1,
        }


def _demand(good: bool, name: str, rule: str, came: Any) -> None:
    if not good:
        raise ArgumentError(f"`{name}` must be {rule}. Received: {name}={came!r}")
