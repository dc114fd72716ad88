"""Boosted trees: grown by LightGBM, kept and run as plain tensors."""

from gristmill.estimator.trees.ensemble import Ensemble, parsed
from gristmill.estimator.trees.examples import Examples
from gristmill.estimator.trees.inputs import TreeInput
from gristmill.estimator.trees.scores import scores
from gristmill.estimator.trees.settings import Objective, TreeSettings

__all__ = ["Ensemble", "Examples", "Objective", "TreeInput", "TreeSettings", "parsed", "scores"]
