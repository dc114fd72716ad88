"""A run's figures as rows for charts and tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gristmill.app import find_app
from gristmill.runs import Metrics, Run, RunSummary, Table, compare, metric_title
from gristmill.runs.tables import MISSING, in_order, number, signed

__all__ = [
    "Row",
    "differences",
    "history_rows",
    "main_metrics",
    "measured",
    "metric_rows",
    "run_rows",
    "settings_rows",
    "system_title",
]

Row = dict[str, Any]

_COUNTS = frozenset({"users", "events", "rows", "count"})
_NOT_CURVES = frozenset({"task", "epoch", "step", "seconds"})


def system_title(system: str) -> str:
    """How a system is called on a page."""
    return "our model" if system == "model" else system.replace("_", " ")


def measured(systems: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names of all metrics in the order in which they come; counts are left out."""
    names = dict.fromkeys(name for values in systems for name in values)
    return [name for name in names if not _COUNTS.intersection(name.split("_"))]


def main_metrics(app: str, names: Sequence[str], each: int) -> list[str]:
    """The first `each` metrics of an app's tasks that are among `names`; of an app that is not here, of `names`."""
    try:
        tasks = [task.metrics for task in find_app(app).tasks]
    except Exception:
        tasks = [tuple(names)]
    return [name for metrics in tasks for name in [name for name in metrics if name in names][:each]]


def metric_rows(runs: Mapping[str, Metrics], split: str) -> list[Row]:
    """A row a run, system and metric of one split, our model first.

    Args:
        runs: Metrics by name of the run.
        split: Name of the split.
    """
    return [
        {
            "run": run,
            "system": system_title(system),
            "metric": metric,
            "value": metrics[split][system][metric],
        }
        for run, metrics in runs.items()
        for system in in_order(metrics.get(split, {}))
        for metric in measured([metrics[split][system]])
        if metrics[split][system][metric] is not None
    ]


def history_rows(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Row]:
    """A row a run, task, figure and epoch; lines without an epoch and values that are no numbers go."""
    return [
        {
            "run": run,
            "task": str(line.get("task") or "train"),
            "figure": name,
            "epoch": line["epoch"],
            "value": value,
        }
        for run, history in runs.items()
        for line in history
        if "epoch" in line
        for name, value in line.items()
        if name not in _NOT_CURVES and isinstance(value, int | float)
    ]


def run_rows(runs: Sequence[RunSummary], metrics: Sequence[str]) -> list[Row]:
    """The list of runs: what each one is, and the metrics of our model."""
    return [
        {
            "Run": run.name,
            "App": run.app,
            "Created (UTC)": run.created.replace("T", " ")[:16],
            "Dataset": run.dataset,
            "Preset": run.preset,
            "Seed": run.seed,
            "Split": run.split,
            **{metric_title(name): run.metrics.get(name) for name in metrics},
        }
        for run in runs
    ]


def differences(a: Run, b: Run, split: str) -> Table:
    """Our model's metrics in two runs on a split, and b - a."""
    rows = [row for row in compare(a, b).metrics if (row.split, row.system) == (split, "model")]
    return Table(
        ("Metric", a.name, b.name, "Difference"),
        tuple(
            (metric_title(row.metric), number(row.a), number(row.b), signed(row.difference))
            for row in rows
            if measured([{row.metric: row.a}])
        ),
    )


def settings_rows(a: Run, b: Run) -> Table:
    """The settings that differ between two runs."""
    rows = compare(a, b).config
    return Table(("Setting", a.name, b.name), tuple((f"`{row.key}`", _shown(row.a), _shown(row.b)) for row in rows))


def _shown(value: Any) -> str:
    return MISSING if value is None else str(value)
