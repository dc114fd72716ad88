"""Finds runs in a folder: what each one is, how good it is, and which ones are broken."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gristmill.errors import GristmillError, InputError, unknown_name
from gristmill.runs.manifest import looks_like_run
from gristmill.runs.record import Metrics, Run
from gristmill.staging import settle

DEFAULT_ROOT = Path("runs")
DEPTH = 2


@dataclass(frozen=True)
class RunSummary:
    """One line of the list of runs.

    Attributes:
        name: Path below the root, such as "first" or "recommend/first".
        path: The run folder.
        app: Name of the app, or an empty text.
        created: UTC time as ISO 8601, such as "2025-01-31T09:30:00Z", or an empty text.
        dataset: Name of the dataset, or an empty text.
        preset: Name of the preset, or an empty text.
        seed: Seed of the training, if the configuration has one.
        split: The split that `metrics` is of: "test" if our model was measured on it, else the last one.
        metrics: {metric: value} of our model.
        problem: Why the run cannot be used; an empty text if it can.
    """

    name: str
    path: Path
    app: str = ""
    created: str = ""
    dataset: str = ""
    preset: str = ""
    seed: int | None = None
    split: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    problem: str = ""


def list_runs(root: Path = DEFAULT_ROOT, verify: bool = True) -> list[RunSummary]:
    """Lists the runs one or two levels below `root`, oldest first, the broken ones last with their reason.

    Args:
        root: Folder of runs; one that is not there has no runs.
        verify: Compare the files with their hashes, so that a changed run shows as broken.
    """
    root = Path(root)
    found = [_summary(path, path.relative_to(root).as_posix(), verify) for path in _walk(root, DEPTH)]
    return sorted(found, key=lambda run: (bool(run.problem), run.created, run.name))


def find_run(name_or_path: str | Path, root: Path = DEFAULT_ROOT) -> Path:
    """Returns the folder of a run, given as a path, as its name below `root` or as the end of that name.

    Raises:
        InputError: There is no such run (the error names near ones), or several have this name.
    """
    path = Path(name_or_path)
    settle(path)
    if path.is_dir() and looks_like_run(path):
        return path
    name = str(name_or_path).strip("/")
    runs = {item.relative_to(root).as_posix(): item for item in _walk(Path(root), DEPTH)}
    if name in runs:
        return runs[name]
    same = sorted(full for full in runs if full.rpartition("/")[2] == name)
    if len(same) > 1:
        raise InputError(f"{len(same)} runs are called {name!r}: {', '.join(same)}; give the whole name")
    if not same and path.is_dir():
        raise InputError(f"{path} is no run, and no run below {root} has this name")
    if not same:
        raise unknown_name(f"run (looked in {root})", name, runs)
    return runs[same[0]]


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    """Yields the run folders below `folder`, those first put back that a killed amendment had moved aside."""
    if not folder.is_dir():
        return
    for name in sorted(os.listdir(folder)):
        if name.startswith(".") and name.endswith(".backup"):
            settle(folder / name[1:].removesuffix(".backup"))
    for path in sorted(item for item in folder.iterdir() if item.is_dir() and not item.name.startswith(".")):
        if looks_like_run(path):
            yield path
        elif depth > 1:
            yield from _walk(path, depth - 1)


def _summary(path: Path, name: str, verify: bool) -> RunSummary:
    try:
        run = Run.open(path, verify)
    except GristmillError as error:
        return RunSummary(name, path, problem=str(error))
    split = main_split(run.metrics)
    return RunSummary(
        name=name,
        path=path,
        app=str(run.config.get("app") or ""),
        created=str(run.lineage.get("created") or ""),
        dataset=str((run.lineage.get("dataset") or {}).get("name") or ""),
        preset=str(run.config.get("preset") or ""),
        seed=run.config.get("seed"),
        split=split,
        metrics=run.metrics[split]["model"] if split else {},
    )


def main_split(metrics: Metrics) -> str:
    """Returns the split to judge a run by: "test" if our model was measured on it, else the last, else ""."""
    measured = [split for split, systems in metrics.items() if "model" in systems]
    return "test" if "test" in measured else measured[-1] if measured else ""
