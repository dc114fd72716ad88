"""Surveys of data: described, a schema inferred, validated against one, and two sets compared; behind `gristmill data`."""

from pipelines.survey.compare import compare, compare_splits
from pipelines.survey.describe import describe, describe_dataset
from pipelines.survey.infer import infer
from pipelines.survey.validate import validate

__all__ = ["compare", "compare_splits", "describe", "describe_dataset", "infer", "validate"]
