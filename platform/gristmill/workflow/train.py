"""Trains an app's models on a dataset into a new run folder."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gristmill.app import App, Work
from gristmill.data.dataset import Dataset
from gristmill.errors import InputError
from gristmill.progress import Progress, Silent
from gristmill.runs import DatasetOrigin, Run, RunWriter, collect_lineage, write_card

__all__ = ["check_dataset", "train_app"]


def train_app(
    app: App,
    dataset: Path,
    out: Path,
    *,
    preset: str = "default",
    overrides: Sequence[str] = (),
    seed: int = 0,
    deterministic: bool = False,
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
        tensorboard: Folder for TensorBoard's event files, a task each.
        saved: Whether to save checkpoints to go on from; of no use where `out` has another name each time.
        progress: Where to show how far it is.

    Raises:
        InputError: A setting is wrong, `out` is taken, or the dataset is another app's or allows no task.
        IntegrityError: A file of the dataset is missing, cut or changed.
        WorkError: Training failed, such as by a loss that is not finite.
    """
    shown = progress or Silent()
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
    }
    lineage = collect_lineage(_origin(opened))
    with RunWriter(out) as run:
        run.write_json("config.json", settings)
        run.write_json("lineage.json", lineage)
        other = run.go_on(settings | {name: lineage[name] for name in ("dataset", "code", "packages")})
        if other:
            shown.line(f"training starts anew: what was left of it has other {', '.join(other)}")
        checkpoints = run.checkpoints if saved else None
        work = Work(opened, config, seed, shown, run.log, checkpoints, tensorboard)
        with _told(run, shown):
            metrics = _train_tasks(app, work, reasons, run, deterministic)
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
    except BaseException:
        if run.has_checkpoints:
            shown.line(f"what is trained of {run.out} is kept: the same command goes on with it")
        raise


def _train_tasks(
    app: App, work: Work, reasons: dict[str, str | None], run: RunWriter, deterministic: bool
) -> dict[str, float]:
    with work.progress.task("start TensorFlow"):
        import keras
        import tensorflow as tf
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    metrics: dict[str, float] = {}
    for task in app.tasks:
        if not reasons[task.name]:
            keras.utils.set_random_seed(work.seed)
            model = task.fit(work)
            model.save(run.path / f"{task.name}.keras")
            metrics |= task.evaluate(model, work, "validation")
    return metrics


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
