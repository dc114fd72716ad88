"""Feature columns, TensorFlow's and gristmill's, as a model's input."""

from gristmill.estimator.columns.dense import DenseInput
from gristmill.estimator.columns.linear import LinearLogits
from gristmill.estimator.columns.parse import (
    classifier_parse_example_spec,
    parse_example_spec,
    regressor_parse_example_spec,
)
from gristmill.estimator.columns.sequence import SequenceInput
from gristmill.estimator.columns.state import Shared

__all__ = [
    "DenseInput",
    "LinearLogits",
    "SequenceInput",
    "Shared",
    "classifier_parse_example_spec",
    "parse_example_spec",
    "regressor_parse_example_spec",
]
