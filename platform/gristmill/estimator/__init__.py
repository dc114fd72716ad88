"""Estimators on Keras 3, with the names and arguments of tf.estimator."""

from gristmill.estimator.classifiers import DNNClassifier, DNNLinearCombinedClassifier, LinearClassifier

__all__ = ["DNNClassifier", "DNNLinearCombinedClassifier", "LinearClassifier"]
