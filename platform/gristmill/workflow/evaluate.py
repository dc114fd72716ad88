"""Measures a run's models and the app's baselines on one split, and keeps the figures in the run."""

from dataclasses import replace
from pathlib import Path

from gristmill.data.plan import SPLITS
from gristmill.errors import unknown_name
from gristmill.progress import Progress, Silent
from gristmill.runs import Run, amend, write_card
from gristmill.workflow.opened import load_model, open_run

__all__ = ["evaluate_run"]


def evaluate_run(
    path: Path, *, dataset: Path | None = None, split: str = "test", progress: Progress | None = None
) -> Run:
    """Adds the metrics of our models and of every baseline on a split to the run.

    Args:
        path: The run folder.
        dataset: The dataset that it was trained on, where that has moved.
        split: `train`, `validation` or `test`.
        progress: Where to show how far it is.

    Raises:
        InputError: The split is not known, or the dataset is another one.
        IntegrityError: A file of the run or of the dataset is missing, cut or changed.
    """
    shown = progress or Silent()
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    opened = open_run(path, dataset, shown)
    systems: dict[str, dict[str, float]] = {"model": {}}
    kept: dict[str, bytes] = {}
    work = replace(opened.work, keep=kept.__setitem__)
    for task in opened.tasks:
        with shown.task(f"evaluate {task.name} on {split}"):
            systems["model"] |= task.evaluate(load_model(opened, task), work, split)
        with shown.task(f"baselines of {task.name} on {split}"):
            for name, metrics in task.baselines(work, split).items():
                systems[name] = systems.get(name, {}) | metrics
    with amend(opened.run) as change:
        for name, content in kept.items():
            change.write_bytes(f"evaluation/{split}/{name}", content)
        change.write_json("metrics.json", {**opened.run.metrics, split: systems})
        write_card(change, opened.app.card(opened.work.dataset), opened.app.metric_groups)
    return Run.open(path)
