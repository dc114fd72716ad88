"""A run that is opened for more work: its app, its dataset and its settings, as they were when it was trained."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from gristmill.app import App, Task, Work, find_app
from gristmill.data.dataset import Dataset
from gristmill.errors import InputError
from gristmill.progress import Progress
from gristmill.runs import Run
from gristmill.workflow.keras_app import KERAS_APP, keras_app_of

if TYPE_CHECKING:
    import keras

__all__ = ["OpenedRun", "load_model", "open_run", "read_model"]


@dataclass(frozen=True)
class OpenedRun:
    """A verified run with all that its tasks need."""

    run: Run
    app: App
    work: Work

    @property
    def tasks(self) -> list[Task]:
        """The tasks that were trained in this run."""
        return [task for task in self.app.tasks if f"{task.name}.keras" in self.run.files]


def open_run(path: Path, dataset: Path | None, progress: Progress) -> OpenedRun:
    """Opens a run and its dataset, both checked by their hashes.

    Raises:
        InputError: The dataset is not the one that the run was trained on.
        IntegrityError: A file of the run or of the dataset is missing, cut or changed.
    """
    run = Run.open(path)
    app = _app_of(run)
    opened = Dataset.open(dataset or run.config["dataset"])
    trained_on = run.lineage["dataset"]["manifest_sha256"]
    if opened.manifest_sha256 != trained_on:
        raise InputError(
            f"run {run.name} was trained on the dataset {trained_on[:12]}…. "
            f"Received: {opened.path} ({opened.manifest_sha256[:12]}…), whose vocabularies may differ"
        )
    config = app.config_type.model_validate(run.config["settings"])
    return OpenedRun(run, app, Work(opened, config, run.config["seed"], progress))


def _app_of(run: Run) -> App:
    return keras_app_of(run) if run.config["app"] == KERAS_APP else find_app(run.config["app"])


def load_model(opened: OpenedRun, task: Task) -> "keras.Model":
    """The trained model of a task."""
    return read_model(task, opened.run.file(f"{task.name}.keras"))


def read_model(task: Task, path: Path) -> "keras.Model":
    """A task's model out of a file."""
    import keras

    if task.load is not None:
        return task.load(path)
    for module in task.modules:
        import_module(module)
    return keras.saving.load_model(path, compile=False)
