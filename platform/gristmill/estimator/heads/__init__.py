"""Heads: from logits and labels to predictions, loss, metrics, a training step and what is served."""

from gristmill.estimator.heads.base import Head
from gristmill.estimator.heads.binary import BinaryClassHead
from gristmill.estimator.heads.multi import MultiHead
from gristmill.estimator.heads.multi_class import MultiClassHead
from gristmill.estimator.heads.multi_label import MultiLabelHead
from gristmill.estimator.heads.regression import LogisticRegressionHead, PoissonRegressionHead, RegressionHead
from gristmill.estimator.heads.sequential import SequentialHeadWrapper
from gristmill.estimator.heads.train_op import train_op

__all__ = [
    "BinaryClassHead",
    "Head",
    "LogisticRegressionHead",
    "MultiClassHead",
    "MultiHead",
    "MultiLabelHead",
    "PoissonRegressionHead",
    "RegressionHead",
    "SequentialHeadWrapper",
    "train_op",
]
