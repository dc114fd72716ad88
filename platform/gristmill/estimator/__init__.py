"""Estimators on Keras 3, with the names and arguments of tf.estimator."""

from gristmill.estimator.classifiers import DNNClassifier, DNNLinearCombinedClassifier, LinearClassifier
from gristmill.estimator.metrics import binary_metrics, logistic
from gristmill.estimator.model import call_model

__all__ = [
    "DNNClassifier",
    "DNNLinearCombinedClassifier",
    "LinearClassifier",
    "binary_metrics",
    "call_model",
    "logistic",
]
