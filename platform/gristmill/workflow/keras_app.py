"""Any Keras model as an app: `file.py:build` makes the model, and a dataset's features and label train it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gristmill.app import App
from gristmill.data.dataset import Dataset
from gristmill.errors import InputError
from gristmill.files import sha256_file
from gristmill.runs import CardText, Run
from gristmill.workflow.keras_source import KerasSource
from gristmill.workflow.keras_task import KerasTask

__all__ = ["KERAS_APP", "keras_app", "keras_app_of"]

KERAS_APP = "keras"


class KerasConfig(BaseModel):
    """Settings of training a Keras model; the model itself has its loss, optimizer and metrics."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    model: str
    """`file.py:function`, which gives a compiled model; a function with an argument gets the dataset."""
    source_sha256: str
    """Hash of the file."""
    label: str | None = None
    """Name of the label; None takes the one feature of that role."""
    batch: int = Field(256, ge=1)
    epochs: int = Field(10, ge=1)
    patience: int | None = Field(None, ge=1)
    """Epochs without a better one before training stops; None never stops early."""
    metric: str = "loss"
    """What chooses the epoch on validation, and what a lite file must keep: `loss`, or a metric of the compiled model."""
    greater_is_better: bool = False


def keras_app(reference: str) -> App:
    """The app of a model that is built by `file.py:function`; it takes the datasets of any app.

    Raises:
        InputError: There is no such file or function, or the file cannot be run.
    """
    source = KerasSource(reference)
    settings = {"model": reference, "source_sha256": sha256_file(source.path)}
    source.run()
    return _app(reference, KerasTask(source), settings)


def keras_app_of(run: Run) -> App:
    """The app of a run of such a model; the file need not be there where the saved model is whole without it."""
    config = KerasConfig.model_validate(run.config["settings"])
    source = KerasSource(config.model, config.source_sha256)
    validation = run.metrics["validation"]["model"]
    return _app(config.model, KerasTask(source, validation, config.metric, config.greater_is_better), {})


def _app(reference: str, work: KerasTask, settings: dict[str, Any]) -> App:
    return App(
        name=KERAS_APP,
        summary="A Keras model of your own.",
        sources={},
        plan=_not_ingested,
        ingest=_not_ingested,
        config=KerasConfig,
        tasks=(work.task(),),
        card=lambda dataset: _card(reference, dataset),
        presets={"default": settings},
        any_dataset=True,
    )


def _card(reference: str, dataset: Dataset) -> CardText:
    return CardText(
        title=f"Keras model {reference}",
        description=f"A model of the user's own, trained on a dataset of the app {dataset.manifest.app}.",
        intended_use="Not told by its maker.",
        limitations=("Not told by its maker.",),
        licence_of_data=str(dataset.manifest.info.get("licence", "not told")),
        usage="gristmill evaluate RUN\ngristmill export RUN --lite auto",
    )


def _not_ingested(*arguments: Any) -> Any:
    raise InputError("a Keras model takes the datasets of any app; `gristmill ingest APP` makes one")
