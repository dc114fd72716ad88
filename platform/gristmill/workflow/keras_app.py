"""Any Keras model as an app: `file.py:build` makes the model, and a dataset's features and label train it."""

import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from gristmill.app import App, Task, Work
from gristmill.data.dataset import Dataset
from gristmill.errors import InputError, unknown_name
from gristmill.files import sha256_file
from gristmill.gate import Gate
from gristmill.runs import CardText

if TYPE_CHECKING:
    import keras

__all__ = ["KERAS_APP", "keras_app"]

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
    """What chooses the epoch on validation: `loss`, or a metric that the model is compiled with."""
    greater_is_better: bool = False


def keras_app(reference: str) -> App:
    """The app of a model that is built by `file.py:function`; it takes the datasets of any app.

    Raises:
        InputError: There is no such file or function, or the file cannot be run.
    """
    build = _builder(reference)
    task = Task(
        name="model",
        metrics=("loss",),
        fit=lambda work: _fit(build, work),
        evaluate=lambda model, work, split: _evaluate(build, model, work, split),
        baselines=lambda work, split: {},
        signature=_not_exported,
        assets=lambda work: {},
        requests=_not_exported,
        score=_not_exported,
        agreement=_not_exported,
        gate=Gate("loss", allowed_loss=0.0, higher_is_better=False),
    )
    return App(
        name=KERAS_APP,
        summary="A Keras model of your own.",
        sources={},
        plan=_not_ingested,
        ingest=_not_ingested,
        config=KerasConfig,
        tasks=(task,),
        card=lambda dataset: _card(reference, dataset),
        presets={"default": {"model": reference, "source_sha256": sha256_file(Path(reference.rpartition(":")[0]))}},
        any_dataset=True,
    )


def _builder(reference: str) -> Callable[..., Any]:
    name, _, function = reference.rpartition(":")
    path = Path(name)
    if not name or not path.is_file():
        raise InputError(f"a model must be named as FILE.py:FUNCTION, such as model.py:build. Received: {reference!r}")
    module = _module(path)
    found = getattr(module, function, None)
    if not callable(found):
        functions = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        raise unknown_name(f"function of {path}", function, functions)
    made: Callable[..., Any] = found
    return made


def _module(path: Path) -> ModuleType:
    """Runs a file as a module of its own name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InputError(f"a model's file must be Python. Received: {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's file raises is what is wrong with it
        raise InputError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
    _register(module)
    return module


def _register(module: ModuleType) -> None:
    """Lets Keras find the file's own classes when it reads a model that has them."""
    import keras

    own = {name: kind for name, kind in vars(module).items() if getattr(kind, "__module__", "") == module.__name__}
    for name, kind in own.items():
        if inspect.isclass(kind):
            keras.saving.get_custom_objects().setdefault(name, kind)


def _made(build: Callable[..., Any], dataset: Dataset) -> "keras.Model":
    import keras

    model = build(dataset) if inspect.signature(build).parameters else build()
    if not isinstance(model, keras.Model):
        raise InputError(f"`{build.__name__}` must give a keras.Model. Received: {type(model).__name__}")
    return model


def _fit(build: Callable[..., Any], work: Work) -> "keras.Model":
    from gristmill.training import fit

    config = work.config
    model = _made(build, work.dataset)
    train, validation = (_data(work, split, seed) for split, seed in (("train", work.seed), ("validation", None)))
    fit(
        model,
        train,
        epochs=config.epochs,
        validation=validation,
        metric=f"val_{config.metric}",
        greater_is_better=config.greater_is_better,
        patience=config.patience,
        **work.training("model"),
    )
    return model


def _data(work: Work, split: str, seed: int | None) -> Any:
    from gristmill.data.supervised import Supervised

    return Supervised(work.dataset, split, work.config.batch, label=work.config.label, seed=seed)


def _evaluate(build: Callable[..., Any], model: "keras.Model", work: Work, split: str) -> dict[str, float]:
    from gristmill.training import evaluate

    if not model.compiled:
        trained, model = model, _made(build, work.dataset)
        evaluate(model, _data(work, split, None))  # builds it
        model.set_weights(trained.get_weights())
    return evaluate(model, _data(work, split, None))


def _card(reference: str, dataset: Dataset) -> CardText:
    return CardText(
        title=f"Keras model {reference}",
        description=f"A model of the user's own, trained on a dataset of the app {dataset.manifest.app}.",
        intended_use="Not told by its maker.",
        limitations=("Not told by its maker.",),
        licence_of_data=str(dataset.manifest.info.get("licence", "not told")),
        usage="gristmill evaluate RUN",
    )


def _not_ingested(*arguments: Any) -> Any:
    raise InputError("a Keras model takes the datasets of any app; `gristmill ingest APP` makes one")


def _not_exported(*arguments: Any) -> Any:
    raise InputError(
        "a run of `train --model` holds model.keras, which `gristmill export` does not convert: an app's task tells what "
        "a lite file computes and how it is judged"
    )
