"""Changes a finished run as one step: the verbs that measure and export add their files to it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gristmill import staging
from gristmill.errors import unknown_name
from gristmill.runs.checks import checked_files
from gristmill.runs.draft import HISTORY, Draft, dropped_on_error, inside
from gristmill.runs.manifest import write_manifest
from gristmill.runs.record import Run


class Amendment(Draft):
    """What is added to or replaced in a run; `path` starts empty and only holds what changes."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.path)
        self._kept = checked_files(self.out)
        self._folders = [item.relative_to(self.out) for item in self.out.rglob("*") if item.is_dir()]

    def file(self, name: str) -> Path:
        """Returns the new file if it has been written, else the one that the run has."""
        staged = self.path / inside(name)
        kept = any(_covers(name, item) for item in self._kept)
        return self.out / name if kept and not staged.exists() else staged

    def log(self, **values: object) -> None:
        """Appends one line to the history of the run."""
        staged = self.path / HISTORY
        if HISTORY in self._kept and not staged.exists():
            shutil.copyfile(self.out / HISTORY, staged)
        super().log(**values)

    def remove(self, name: str) -> None:
        """Leaves a file, or a folder with all its files, out of the run.

        Raises:
            InputError: The run has no such file.
        """
        if not any(_covers(name, item) for item in self._kept):
            raise unknown_name("file of the run", name, self._kept)
        self._kept = {item: digest for item, digest in self._kept.items() if not _covers(name, item)}
        self._folders = [folder for folder in self._folders if not _covers(name, folder.as_posix())]

    def commit(self) -> None:
        """Completes the temporary folder with hard links to what stays, and lists its files."""
        for folder in self._folders:
            (self.path / folder).mkdir(parents=True, exist_ok=True)
        kept = {name: digest for name, digest in self._kept.items() if not (self.path / name).exists()}
        for name in kept:
            _link(self.out / name, self.path / name)
        write_manifest(self.path, kept)


@contextmanager
def amend(run: Run) -> Iterator[Amendment]:
    """Adds files to a finished run or replaces some: `with amend(run) as change: change.write_json(...)`.

    Changes are written into an empty hidden sibling folder. On a clean exit the files that stay are
    hard-linked into it with the hashes that they had, `files.sha256` is written, everything is synced, and
    the folder takes the place of the run by two renames, the old run being aside as `.NAME.backup` between
    them. This way was chosen over editing in place because at every moment one whole run is on the disk:
    killed before the first rename, the run is as before; killed between the two, the next open puts the old
    run back; killed after the second, the run is the new one. Nothing is copied, and as the caller never gets
    a linked file to write to, the old run cannot be changed through a link.

    The run is verified again under the lock, so two amendments in turn both count. `run` itself is a frozen
    record: open the run again to see what changed.

    Raises:
        InputError: Another process is writing or changing this run.
        IntegrityError: A file of the run is missing, cut, changed or added.
        WorkError: The changed run cannot be written; it stands as before.
    """
    out = Path(os.path.abspath(run.path))
    staging.settle(out)
    lock = staging.hold(out)
    try:
        change = Amendment(run)
        yield change
    except BaseException:
        staging.drop(out, lock)
        raise
    with dropped_on_error(out, lock):
        change.commit()
        staging.swap(out, lock)


def _covers(name: str, item: str) -> bool:
    """Tells whether `item` is the file `name` or lies in the folder `name`."""
    return item == name or item.startswith(name.rstrip("/") + "/")


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
