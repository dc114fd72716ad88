"""Where runs and datasets lie, which dataset is a run's, and a mark that changes when a folder does."""

import os
from contextlib import suppress
from pathlib import Path

from gristmill.data.manifest import MANIFEST
from gristmill.errors import InputError
from gristmill.files import sha256_file
from gristmill.runs import Run

__all__ = ["Stamp", "dataset_folders", "datasets_root", "find_dataset", "runs_root", "stamp"]

Stamp = tuple[tuple[str, int, int], ...]
"""Path, bytes and time of change of every file and folder below a folder."""

_DEPTH = 2


def runs_root() -> Path:
    """The folder of runs, as `gristmill dashboard --runs` gave it."""
    return Path(os.environ.get("GRISTMILL_RUNS") or "runs")


def datasets_root() -> Path:
    """The folder of datasets, as `gristmill dashboard --datasets` gave it."""
    return Path(os.environ.get("GRISTMILL_DATASETS") or "datasets")


def dataset_folders(root: Path) -> dict[str, Path]:
    """Folders with a manifest, by their path below `root`: one or two levels below it, or the root itself."""
    found = {root.absolute().name: root} if (root / MANIFEST).is_file() else {}
    for depth in range(1, _DEPTH + 1):
        for path in sorted(root.glob("*/" * depth + MANIFEST)):
            name = path.parent.relative_to(root).as_posix()
            if not any(part.startswith(".") for part in name.split("/")):
                found[name] = path.parent
    return found


def find_dataset(run: Run, root: Path) -> Path:
    """The dataset that a run was trained on: where it was then, or below `root`.

    Raises:
        InputError: It is in neither place.
    """
    wanted = (run.lineage.get("dataset") or {}).get("manifest_sha256")
    places = [Path(str(run.config.get("dataset") or "")), *dataset_folders(root).values()]
    for place in places:
        if (place / MANIFEST).is_file() and sha256_file(place / MANIFEST) == wanted:
            return place
    raise InputError(f"the dataset of the run {run.name} is neither at {places[0]} nor below {root}")


def stamp(folder: Path) -> Stamp:
    """A mark of a folder's state: a loader that is cached under it reads again when a file was changed.

    What is being written in hidden folders, such as a run in training, does not count.
    """
    files = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not name.startswith("."):
            with suppress(FileNotFoundError):
                state = path.stat()
                files.append((name, state.st_size, state.st_mtime_ns))
    return tuple(files)
