"""Ready-made tasks for apps whose model is a classifier over the features of their schema."""

from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gristmill.app import Task, later
from gristmill.gate import Gate

__all__ = ["ClassifierConfig", "classifier_task"]

_MODULE = "gristmill.workflow.classifier"


class ClassifierConfig(BaseModel):
    """Settings of a wide-and-deep classifier."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    hidden_units: tuple[int, ...] = (64, 32)
    """Widths of the network's layers; none gives a linear model."""
    embedding_width: int = Field(8, ge=1)
    dropout: float = Field(0.1, ge=0, lt=1)
    learning_rate: float = Field(1e-3, gt=0)
    linear_learning_rate: float = Field(0.2, gt=0)
    batch: int = Field(128, ge=1)
    epochs: int = Field(20, ge=1)
    patience: int = Field(3, ge=1)
    list_length: int = Field(16, ge=1)
    """Elements of a list that the model reads; later ones are left out."""


def classifier_task(name: str, label: str, positive: str) -> Task:
    """A task that predicts whether a record's label is the positive value.

    The model reads every feature of role `feature`: categories, lists of categories and numbers. Its config must be a
    `ClassifierConfig`.

    Args:
        name: Name of the task, and of its files in a run.
        label: Name of the label feature, of kind `category`.
        positive: The value to predict.
    """

    def of(function: str) -> Callable[..., Any]:
        return partial(later(f"{_MODULE}:{function}"), label, positive)

    return Task(
        name=name,
        metrics=("auc", "logloss", "accuracy"),
        fit=of("fit"),
        evaluate=of("evaluate"),
        baselines=of("baselines"),
        signature=of("signature"),
        assets=of("assets"),
        requests=of("requests"),
        score=of("score"),
        agreement=later(f"{_MODULE}:agreement"),
        gate=Gate("logloss", allowed_loss=0.02, minimum_agreement=0.98, higher_is_better=False),
        modules=("gristmill.estimator",),
    )
