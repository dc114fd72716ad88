"""Trains an app's models on a dataset into a new run folder."""

from collections.abc import Sequence
from pathlib import Path

from gristmill.app import App, Work
from gristmill.data.dataset import Dataset
from gristmill.errors import InputError
from gristmill.progress import Progress, Silent
from gristmill.runs import DatasetOrigin, Run, RunWriter, collect_lineage, write_card

__all__ = ["train_app"]


def train_app(
    app: App,
    dataset: Path,
    out: Path,
    *,
    preset: str = "default",
    overrides: Sequence[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> Run:
    """Trains every task that the dataset allows; validation metrics stand in the run, the test split is not read.

    Args:
        app: The app.
        dataset: A dataset folder that the app's ingestion wrote.
        out: The new run folder.
        preset: Name of a preset of the app.
        overrides: `key=value` changes to it.
        seed: Seed of weights, dropout and order.
        progress: Where to show how far it is.

    Raises:
        InputError: A setting is wrong, `out` is taken, or the dataset is another app's or allows no task.
        IntegrityError: A file of the dataset is missing, cut or changed.
        WorkError: Training failed, such as by a loss that is not finite.
    """
    shown = progress or Silent()
    config = app.configure(preset, overrides)
    opened = Dataset.open(dataset)
    if opened.manifest.app != app.name:
        raise InputError(f"{dataset} must be a dataset of the app {app.name}. Received: one of {opened.manifest.app}")
    reasons = {task.name: task.applies(opened) for task in app.tasks}
    for name, reason in reasons.items():
        if reason:
            shown.line(f"{name}: not trained, {reason}")
    if all(reasons.values()):
        raise InputError(f"{dataset} allows no model of {app.name}: {'; '.join(filter(None, reasons.values()))}")
    with RunWriter(out) as run:
        run.write_json(
            "config.json",
            {
                "app": app.name,
                "preset": preset,
                "seed": seed,
                "dataset": str(dataset),
                "settings": config.model_dump(mode="json"),
            },
        )
        run.write_json("lineage.json", collect_lineage(_origin(opened)))
        work = Work(opened, config, seed, shown, run.log)
        run.write_json("metrics.json", {"validation": {"model": _train_tasks(app, work, reasons, run)}})
        write_card(run, app.card(opened), app.metric_groups)
    return Run.open(out)


def _train_tasks(app: App, work: Work, reasons: dict[str, str | None], run: RunWriter) -> dict[str, float]:
    with work.progress.task("start TensorFlow"):
        import keras
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
