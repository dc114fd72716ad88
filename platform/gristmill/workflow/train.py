"""Trains an app's models on a dataset into a new run folder."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gristmill.app import App, Task, Work
from gristmill.data.dataset import Dataset
from gristmill.errors import InputError, LostError
from gristmill.lite import save_float32
from gristmill.progress import Progress, Silent
from gristmill.runs import DatasetOrigin, Run, RunWriter, collect_lineage, write_card
from gristmill.workflow.distribute import distributed
from gristmill.workflow.opened import read_model
from gristmill.workflow.precision import check_precision, set_precision

if TYPE_CHECKING:
    import keras

    from gristmill.training.distribution import Distribution

__all__ = ["check_dataset", "help_training", "train_app"]


def train_app(
    app: App,
    dataset: Path,
    out: Path,
    *,
    preset: str = "default",
    overrides: Sequence[str] = (),
    seed: int = 0,
    deterministic: bool = False,
    precision: str = "float32",
    distribute: str | None = None,
    placement: Mapping[str, int | str] | None = None,
    tensorboard: Path | None = None,
    saved: bool = True,
    progress: Progress | None = None,
) -> Run:
    """Trains every task that the dataset allows; validation metrics stand in the run, the test split is not read.

    Training that was stopped goes on when it is asked for again with the same data, settings and code, to the same weights.

    Args:
        app: The app.
        dataset: A dataset folder that the app's ingestion wrote.
        out: The new run folder.
        preset: Name of a preset of the app.
        overrides: `key=value` changes to it.
        seed: Seed of weights, dropout and order.
        deterministic: Whether operations that add in any order are to add in one; slower.
        precision: What layers compute in, of `gristmill.workflow.precision`; the models that are kept compute in float32.
        distribute: On which devices, or among which processes, such as `mirrored:2`; this process is the chief.
        placement: Of layers on devices, with `model-parallel`.
        tensorboard: Folder for TensorBoard's event files, a task each.
        saved: Whether to save checkpoints to go on from; of no use where `out` has another name each time.
        progress: Where to show how far it is.

    Raises:
        InputError: A setting is wrong, `out` is taken, or the dataset is another app's or allows no task.
        IntegrityError: A file of the dataset is missing, cut or changed.
        LostError: Another process of the training was lost.
        WorkError: Training failed, such as by a loss that is not finite.
    """
    shown = progress or Silent()
    check_precision(precision)
    config = app.configure(preset, overrides)
    opened = Dataset.open(dataset)
    reasons = check_dataset(app, opened, shown)
    settings = {
        "app": app.name,
        "preset": preset,
        "seed": seed,
        "dataset": str(dataset),
        "settings": config.model_dump(mode="json"),
        "deterministic": deterministic,
        "precision": precision,
        "distribute": distribute,
        "placement": dict(placement or {}),
    }
    lineage = collect_lineage(_origin(opened))
    with RunWriter(out) as run:
        run.write_json("config.json", settings)
        run.write_json("lineage.json", lineage)
        other = run.go_on(settings | {name: lineage[name] for name in ("dataset", "code", "packages")})
        if other:
            shown.line(
                f"training starts anew: what was left of it has other {', '.join(other)}; "
                "it is set aside, and the same command goes on with it where that is as it was"
            )
        checkpoints = run.checkpoints if saved else None
        work = Work(opened, config, seed, shown, run.log, checkpoints, tensorboard)
        metrics: dict[str, float] = {}
        with _told(run, shown), distributed(distribute, placement) as distribution:
            for task, model in _fitted(app, work, reasons, distribution, deterministic, precision):
                path = run.path / f"{task.name}.keras"
                if save_float32(model, path):
                    model = read_model(task, path)  # what is kept is what is measured
                metrics |= task.evaluate(model, work, "validation")
        run.write_json("metrics.json", {"validation": {"model": metrics}})
        write_card(run, app.card(opened), app.metric_groups)
    return Run.open(out)


def check_dataset(app: App, dataset: Dataset, shown: Progress) -> dict[str, str | None]:
    """Why each task cannot be done on a dataset, or None.

    Raises:
        InputError: The dataset is another app's, or allows no task.
    """
    if dataset.manifest.app != app.name and not app.any_dataset:
        raise InputError(
            f"{dataset.path} must be a dataset of the app {app.name}. Received: one of {dataset.manifest.app}"
        )
    reasons = {task.name: task.applies(dataset) for task in app.tasks}
    for name, reason in reasons.items():
        if reason:
            shown.line(f"{name}: not trained, {reason}")
    if all(reasons.values()):
        raise InputError(f"{dataset.path} allows no model of {app.name}: {'; '.join(filter(None, reasons.values()))}")
    return reasons


@contextmanager
def _told(run: RunWriter, shown: Progress) -> Iterator[None]:
    """Tells, where training is stopped, that it can go on."""
    try:
        yield
    except LostError:
        raise  # it goes on by itself
    except BaseException:
        if run.has_checkpoints:
            shown.line(f"what is trained of {run.out} is kept: the same command goes on with it")
        raise


def help_training(
    app: App,
    dataset: Path,
    *,
    preset: str = "default",
    overrides: Sequence[str] = (),
    seed: int = 0,
    deterministic: bool = False,
    precision: str = "float32",
    distribute: str,
    progress: Progress | None = None,
) -> None:
    """Takes part in the training of a chief with the same arguments, as another worker, and writes nothing.

    Raises:
        InputError: See `train_app`.
        LostError: Another process of the training was lost.
    """
    shown = progress or Silent()
    check_precision(precision)
    opened = Dataset.open(dataset)
    work = Work(opened, app.configure(preset, overrides), seed, shown)
    reasons = check_dataset(app, opened, shown)
    with distributed(distribute, None) as distribution:
        for _ in _fitted(app, work, reasons, distribution, deterministic, precision):
            pass


def _fitted(
    app: App,
    work: Work,
    reasons: Mapping[str, str | None],
    distribution: "Distribution",
    deterministic: bool,
    precision: str,
) -> "Iterator[tuple[Task, keras.Model]]":
    """The tasks that the dataset allows and their models, one after the other."""
    with work.progress.task("start TensorFlow"):
        import keras
        import tensorflow as tf

        from gristmill.training.distribution import using
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    for task in app.tasks:
        if not reasons[task.name]:
            keras.utils.set_random_seed(work.seed)
            with set_precision(precision), using(distribution):
                model = task.fit(work)
            yield task, model


def _origin(dataset: Dataset) -> DatasetOrigin:
    manifest = dataset.manifest
    return DatasetOrigin(
        name=manifest.info.get("name", dataset.path.name),
        manifest_sha256=dataset.manifest_sha256,
        read=manifest.read,
        written=manifest.written,
        quarantined=manifest.quarantined,
        licence=manifest.info.get("licence", ""),
    )
