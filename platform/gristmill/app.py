"""An application is one record: its data, its models, how they are judged and exported. `gristmill` knows none by name."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gristmill.errors import InputError, unknown_name

if TYPE_CHECKING:
    import keras
    from pydantic import BaseModel

    from gristmill.data.dataset import Dataset
    from gristmill.data.execution import Execution
    from gristmill.data.known import Fetched, KnownData
    from gristmill.data.manifest import Manifest
    from gristmill.data.plan import IngestPlan
    from gristmill.gate import Gate
    from gristmill.lite import Signature
    from gristmill.progress import Progress
    from gristmill.runs import CardText

__all__ = [
    "App",
    "ENTRY_POINTS",
    "NoOptions",
    "SourceOption",
    "Task",
    "Work",
    "find_app",
    "find_data",
    "later",
    "list_apps",
]

ENTRY_POINTS = "gristmill.apps"

MetricsBySystem = dict[str, dict[str, float]]
Outputs = dict[str, Any]
Sources = Mapping[str, Sequence[str]]


def later(path: str) -> Callable[..., Any]:
    """The function `module:name`, imported when it is first called, so that an app's record stays light."""

    def call(*arguments: Any, **named: Any) -> Any:
        return _resolve(path)(*arguments, **named)

    call.__name__ = call.__qualname__ = path
    return call


def _resolve(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


@dataclass(frozen=True)
class NoOptions:
    """Ingestion without options beside the files."""


@dataclass(frozen=True)
class SourceOption:
    """One `--NAME FILE...` option of `gristmill ingest APP`."""

    help: str
    required: bool = False


@dataclass(frozen=True)
class Work:
    """What a task works with: the dataset, its settings, the seed, and where it tells how it goes."""

    dataset: "Dataset"
    config: Any
    """The app's own config record."""
    seed: int
    progress: "Progress"
    log: Callable[..., None] = lambda **values: None
    """Adds a line of named values to the run's history."""
    checkpoints: Path | None = None
    """Folder of the checkpoints of training; None saves none."""
    tensorboard: Path | None = None
    """Folder for TensorBoard; None writes nothing."""
    keep: Callable[[str, bytes], None] = lambda name, content: None
    """Keeps a file with the figures of an evaluation, in the run's folder `evaluation/SPLIT`."""
    instead: Callable[..., None] | None = None
    """Gets a model's training step and its batches in place of training."""

    def training(self, name: str) -> dict[str, Any]:
        """What `gristmill.training.train` needs to show, log, save and go on with the training of a model."""
        from gristmill.training import Checkpoints, TensorBoard

        return {
            "title": f"train {name}",
            "progress": self.progress,
            "log": self.log,
            "checkpoints": Checkpoints(self.checkpoints / name, keep=1) if self.checkpoints else None,
            "instead": self.instead,
            "observers": [TensorBoard(self.tensorboard / name)] if self.tensorboard else [],
        }


@dataclass(frozen=True)
class Task:
    """One model of an app, from training to the lite file."""

    name: str
    metrics: tuple[str, ...]
    """Names of the metrics to show, the main one first."""
    fit: "Callable[[Work], keras.Model]"
    """Trains; validation chooses, the test split is not read."""
    evaluate: "Callable[[keras.Model, Work, str], dict[str, float]]"
    """Metrics of the model on a split."""
    baselines: Callable[[Work, str], MetricsBySystem]
    """Metrics of each baseline on a split."""
    signature: "Callable[[keras.Model, Work], Signature | Sequence[Signature]]"
    """The function to export, or several, of which the first is compared with its lite file."""
    assets: Callable[[Work], Mapping[str, bytes]]
    """Files that travel in the lite file: vocabularies, names."""
    requests: Callable[[Work, str], list[dict[str, Any]]]
    """Real rows of a split as inputs of the signature."""
    score: Callable[[Sequence[Outputs], Work, str], dict[str, float]]
    """Metrics from the signature's outputs, one a request."""
    agreement: Callable[[Sequence[Outputs], Sequence[Outputs]], float]
    """Share in [0, 1] to which two systems' outputs say the same."""
    gate: "Gate"
    """How much a lite file may lose."""
    formats: tuple[str, ...] = ("f32", "f16", "dynamic")
    """Lite formats that `auto` stands for."""
    modules: tuple[str, ...] = ()
    """Modules that register the model's own layers; they are imported before it is loaded."""
    applies: "Callable[[Dataset], str | None]" = lambda dataset: None
    """Why the task cannot be done on a dataset, or None."""
    load: "Callable[[Path], keras.Model] | None" = None
    """Reads the saved model; None reads it without its loss and optimizer."""
    exported: "Callable[[keras.Model], keras.Model]" = lambda model: model
    """The part of the model that the signature uses."""


@dataclass(frozen=True)
class App:
    """An application.

    Everything heavy is imported inside the functions, so that the record itself loads in milliseconds.
    """

    name: str
    summary: str
    sources: Mapping[str, SourceOption]
    """Options of `gristmill ingest`, the records first."""
    plan: "Callable[[Sources, Any], IngestPlan]"
    """Makes the plan from files by source and the options."""
    ingest: "Callable[[IngestPlan, Path, Progress, Execution], Manifest]"
    """Runs a plan; `later("pipelines.ingest:ingest")` for most."""
    config: "type[BaseModel] | str"
    """Settings of training and evaluation, a pydantic record or `module:name` of one; every field has a default."""
    tasks: tuple[Task, ...]
    card: "Callable[[Dataset], CardText]"
    """The prose of the model card."""
    options: type = NoOptions
    """A dataclass: more options of `gristmill ingest`, such as the names of columns.

    Each field with `metadata={"help": ...}` is one.
    """
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"default": {}})
    """Settings by name; `default` is among them."""
    data: "tuple[KnownData, ...]" = ()
    """Public data sets that `gristmill fetch` knows through this app; the first is the default."""
    default_sources: "Callable[[Fetched], tuple[Sources, Any]] | None" = None
    """Sources and options of a fetched data set."""
    any_dataset: bool = False
    """Whether it trains on the datasets of other apps."""
    show: "Callable[[Path, Manifest], None] | None" = None
    """Prints more of an ingestion into a folder, after the counts of its files."""
    page: str | None = None
    """Import path `module:function` of the dashboard page."""

    @property
    def config_type(self) -> "type[BaseModel]":
        """The config's record."""
        return _resolve(self.config) if isinstance(self.config, str) else self.config

    def configure(self, preset: str, overrides: Sequence[str]) -> "BaseModel":
        """The config of a preset with `key=value` changes; keys are dotted, values are YAML.

        Raises:
            InputError: The preset or a key is not known, or a value breaks a rule.
        """
        from gristmill.config import build_config

        if preset not in self.presets:
            raise unknown_name(f"preset of {self.name}", preset, self.presets)
        return build_config(self.config_type, self.presets[preset], overrides)

    @property
    def metric_groups(self) -> dict[str, tuple[str, ...]]:
        """Metrics to show, by task."""
        return {task.name: task.metrics for task in self.tasks}

    def task(self, name: str) -> Task:
        """The task of that name."""
        for task in self.tasks:
            if task.name == name:
                return task
        raise unknown_name(f"task of {self.name}", name, [task.name for task in self.tasks])


@cache
def list_apps() -> dict[str, App]:
    """All installed apps, by name, found by the entry point `gristmill.apps`.

    One that cannot be loaded is left out, so that it stops no other; `find_app` and `gristmill doctor` tell why.
    """
    apps = {}
    for point in entry_points(group=ENTRY_POINTS):
        with suppress(InputError):
            apps[point.name] = _load(point)
    return dict(sorted(apps.items()))


def find_app(name: str) -> App:
    """The app of that name.

    Raises:
        InputError: The name is not known (the nearest are told), or the app cannot be loaded.
    """
    points = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name not in points:
        raise unknown_name("app", name, points)
    return _load(points[name])


def find_data(name: str) -> "KnownData":
    """The known data set of that name, of whichever app; an unknown one raises `InputError` with the nearest."""
    known = {data.name: data for app in list_apps().values() for data in app.data}
    if name not in known:
        raise unknown_name("data set", name, known)
    return known[name]


def _load(point: EntryPoint) -> App:
    try:
        app = point.load()
    except Exception as error:  # whatever a foreign package raises is what is wrong with it
        raise InputError(
            f"app {point.name} ({point.value}) cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(app, App) or app.name != point.name:
        what = f"the app {app.name}" if isinstance(app, App) else type(app).__name__
        raise InputError(f"entry point {point.name} = {point.value} must be an App of that name. Received: {what}")
    return app
