"""Exports a run's models to lite files, each compared with its float model on held-out rows before it is kept."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gristmill.app import Outputs, Task
from gristmill.lite import (
    Job,
    LiteModel,
    Signature,
    check,
    choose_formats,
    compare,
    convert_jobs,
    export_saved_model,
    measure,
    record_file,
)
from gristmill.progress import Progress, Silent
from gristmill.runs import Run, amend, write_card
from gristmill.workflow.opened import OpenedRun, load_model, open_run

__all__ = ["export_run"]

REPORT = "lite/report.json"
_TIMED_ROWS = 64


def export_run(
    path: Path,
    *,
    formats: str = "auto",
    dataset: Path | None = None,
    split: str = "test",
    progress: Progress | None = None,
) -> Run:
    """Converts every model of a run to lite files and adds those that pass the gate to the run.

    Args:
        path: The run folder.
        formats: `auto` for those of each task, or names of formats with commas.
        dataset: The dataset that the run was trained on, where that has moved.
        split: The split whose rows the float and the lite models are compared on.
        progress: Where to show how far it is.

    Raises:
        InputError: A format is not known, or the dataset is another one.
        ParityError: A file lost more than its gate allows; the figures are in the message, and no file is kept.
        WorkError: A model cannot be converted.
    """
    shown = progress or Silent()
    choose_formats(formats)
    opened = open_run(path, dataset, shown)
    chosen = {task.name: choose_formats(formats, task.formats) for task in opened.tasks}
    with amend(opened.run) as change:
        for stale in ("lite", "saved_model"):
            if any(name.startswith(f"{stale}/") for name in opened.run.files):
                change.remove(stale)
        signatures = {task.name: _save(opened, task, change.path / "saved_model", shown) for task in opened.tasks}
        with shown.task(f"convert to {', '.join(dict.fromkeys(sum(chosen.values(), ())))}"):
            convert_jobs([_job(opened, task, change.path, chosen[task.name]) for task in opened.tasks])
        report: list[dict[str, Any]] = []
        for task in opened.tasks:
            report += _examine(
                opened, task, signatures[task.name], change.path / "lite", chosen[task.name], split, shown
            )
        change.write_json(REPORT, report)
        write_card(change, opened.app.card(opened.work.dataset), opened.app.metric_groups)
    return Run.open(path)


def _save(opened: OpenedRun, task: Task, folder: Path, shown: Progress) -> Signature:
    with shown.task(f"save {task.name}"):
        model = load_model(opened, task)
        made = task.signature(model, opened.work)
        signatures = [made] if isinstance(made, Signature) else list(made)
        folder.mkdir(parents=True, exist_ok=True)
        export_saved_model(task.exported(model), signatures, folder / task.name)
    return signatures[0]


def _job(opened: OpenedRun, task: Task, folder: Path, formats: Sequence[str]) -> Job:
    outputs = {name: folder / "lite" / f"{task.name}-{name}.tflite" for name in formats}
    return Job(folder / "saved_model" / task.name, outputs, task.assets(opened.work))


def _examine(
    opened: OpenedRun,
    task: Task,
    signature: Signature,
    folder: Path,
    formats: Sequence[str],
    split: str,
    shown: Progress,
) -> list[dict[str, Any]]:
    """Runs the float model and each lite file over the same held-out rows."""
    requests = task.requests(opened.work, split)
    with shown.task(f"{task.name} float on {len(requests)} {split} requests", len(requests)) as bar:
        reference = _run_float(signature, requests, bar.advance)
    float_metrics = task.score(reference, opened.work, split)
    records = []
    for name in formats:
        path = folder / f"{task.name}-{name}.tflite"
        model = LiteModel(path)
        with shown.task(f"{path.name} on {len(requests)} {split} requests", len(requests)) as bar:
            outputs = []
            for request in requests:
                outputs.append(model(signature.name, **request))
                bar.advance()
        metrics = task.score(outputs, opened.work, split)
        agreement = task.agreement(reference, outputs)
        metric = task.gate.metric
        check(task.gate, path.name, float_metrics[metric], metrics[metric], agreement)
        latency = measure(model, signature.name, requests[:_TIMED_ROWS])
        record = record_file(
            path,
            name,
            metrics=metrics,
            agreement=agreement,
            differences=compare(*(_numbers(side) for side in (reference, outputs))),
            latency=latency,
        )
        kept = {"task": task.name, "split": split, "float_metrics": float_metrics}
        records.append(kept | record.model_dump(mode="json"))
    return records


def _numbers(outputs: Sequence[Outputs]) -> list[Outputs]:
    """The outputs that are numbers; indices have no difference worth telling."""
    return [{name: value for name, value in row.items() if value.dtype.kind == "f"} for row in outputs]


def _run_float(signature: Signature, requests: Sequence[Mapping[str, Any]], advance: Any) -> list[Outputs]:
    import tensorflow as tf

    function = tf.function(signature.function)
    outputs = []
    for request in requests:
        made = function(**{name: tf.constant(value) for name, value in request.items()})
        outputs.append({name: value.numpy() for name, value in made.items()})
        advance()
    return outputs
