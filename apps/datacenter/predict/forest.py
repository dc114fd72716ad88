"""Boosted trees inside a Keras model, grown by LightGBM.

Source: Ke et al. 2017, https://lightgbm.readthedocs.io
"""

from dataclasses import fields
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from apps.datacenter.config import PredictConfig
from gristmill.estimator.trees.ensemble import Ensemble, parsed
from gristmill.estimator.trees.scores import scores

__all__ = ["Forest", "Grown", "grow"]

_HUBER = 0.5
"""Error, in units of the base's mean absolute one, beyond which the loss grows no faster than the error."""
_WAIT = 40
"""Trees without a better one before no more are grown."""


class Grown(NamedTuple):
    """Trees, and what their growth tells."""

    trees: Ensemble
    error: float
    """Mean absolute error on validation."""
    gain: NDArray[np.float64]
    """Share of each feature in what all splits gained `[feature]`."""


@keras.saving.register_keras_serializable(package="gristmill.datacenter")
class Forest(keras.layers.Layer):
    """The trees that predict one number.

    Args:
        nodes: Nodes of all trees.
        trees: How many trees.
        depth: Comparisons on the longest way.
    """

    def __init__(self, nodes: int, trees: int, depth: int, **options: Any) -> None:
        super().__init__(**options)
        self.sizes = {"nodes": nodes, "trees": trees, "depth": depth}
        for field in fields(Ensemble):
            kind = "float32" if field.name in ("threshold", "value") else "int32"
            shape = (trees if field.name == "roots" else nodes,)
            weight = self.add_weight(shape=shape, initializer="zeros", dtype=kind, trainable=False, name=field.name)
            setattr(self, field.name, weight)

    def call(self, inputs: Any) -> Any:
        """`[batch, feature]` to `[batch]`."""
        nodes = {field.name: getattr(self, field.name).value for field in fields(Ensemble)}
        # Dynamic int8 rounds constants that are looked up, thresholds too; what is added in the graph is none.
        zero = tf.minimum(tf.abs(inputs[0, 0]), 0.0)
        nodes |= {name: nodes[name] + zero for name in ("threshold", "value")}
        return scores(nodes, inputs, self.sizes["depth"], 1)[:, 0]

    def hold(self, grown: Ensemble) -> None:
        """Takes the nodes of trees of these sizes."""
        for field in fields(Ensemble):
            getattr(self, field.name).assign(getattr(grown, field.name))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return super().get_config() | self.sizes


def grow(
    config: PredictConfig,
    seed: int,
    train: tuple[NDArray[np.float32], NDArray[np.float64]],
    validation: tuple[NDArray[np.float32], NDArray[np.float64]],
) -> Grown:
    """Grows trees for Huber's loss, which is nearly the absolute error; as many as are best on validation.

    Args:
        config: Their number and size.
        seed: Of the features that each tree may look at.
        train: Features `[row, feature]` and the number to predict `[row]`.
        validation: The same.
    """
    import lightgbm

    parameters = {
        "objective": "huber",
        "alpha": _HUBER,
        "metric": "l1",
        "learning_rate": config.tree_learning_rate,
        "num_leaves": config.leaves,
        "feature_fraction": 0.5,
        "min_data_in_leaf": 10,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(*train)
    booster = lightgbm.train(
        parameters,
        data,
        config.trees,
        valid_sets=[lightgbm.Dataset(*validation, reference=data)],
        callbacks=[lightgbm.early_stopping(_WAIT, verbose=False)],
    )
    text = booster.model_to_string(num_iteration=booster.best_iteration)
    gain = booster.feature_importance("gain", iteration=booster.best_iteration)
    return Grown(parsed(text), float(booster.best_score["valid_0"]["l1"]), gain / max(gain.sum(), 1e-12))
