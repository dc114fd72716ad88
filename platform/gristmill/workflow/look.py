"""The first training steps of an app's models, one by one, in place of a run."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gristmill.app import App, Work
from gristmill.data.dataset import Dataset
from gristmill.errors import InputError
from gristmill.progress import Progress, Silent
from gristmill.workflow.precision import check_precision, set_precision
from gristmill.workflow.train import check_dataset

if TYPE_CHECKING:
    from gristmill.eager import StepRecord
    from gristmill.training import Step

__all__ = ["look_at_steps"]


def look_at_steps(
    app: App,
    dataset: Path,
    steps: int,
    *,
    preset: str = "default",
    overrides: Sequence[str] = (),
    seed: int = 0,
    precision: str = "float32",
    tensorboard: Path | None = None,
    tfdbg: Path | None = None,
    progress: Progress | None = None,
) -> "dict[str, list[StepRecord]]":
    """Runs the first steps of each task's training eagerly, every layer watched; nothing is written but the dumps.

    Args:
        app: The app.
        dataset: A dataset folder that the app's ingestion wrote.
        steps: Steps of each model.
        preset: Name of a preset of the app.
        overrides: `key=value` changes to it.
        seed: Seed of weights, dropout and order, as `train_app` uses it.
        precision: What layers compute in, of `gristmill.workflow.precision`.
        tensorboard: Folder for TensorBoard's event files, a task each.
        tfdbg: Folder for what the TensorFlow debugger, version 2, reads, a task each.
        progress: Where to show how far it is.

    Returns:
        The steps by task.

    Raises:
        InputError: A setting is wrong, the dataset is another app's or allows no task, or a shape does not fit.
        IntegrityError: A file of the dataset is missing, cut or changed.
        WorkError: A value is not finite; the message names the layer and the line.
    """
    if steps < 1:
        raise InputError(f"--steps must be at least 1. Received: {steps}")
    shown = progress or Silent()
    check_precision(precision)
    config, opened = app.configure(preset, overrides), Dataset.open(dataset)
    reasons = check_dataset(app, opened, shown)
    with shown.task("start TensorFlow"):
        import keras

        from gristmill import eager
    found: dict[str, list[StepRecord]] = {}
    for task in app.tasks:
        if reasons[task.name]:
            continue
        folders = {"tensorboard": tensorboard, "tfdbg": tfdbg}
        own = {name: folder / task.name for name, folder in folders.items() if folder is not None}

        def look(step: "Step", batches: Iterable[Any], name: str = task.name, own: dict[str, Path] = own) -> None:
            found[name] = list(eager.steps(step, islice(batches, steps), watch=True, **own))

        keras.utils.set_random_seed(seed)
        with shown.task(f"{steps} steps of {task.name}"), set_precision(precision):
            task.fit(Work(opened, config, seed, shown, instead=look))
    return found
