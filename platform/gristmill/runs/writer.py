"""Writes a run folder as one step: it appears whole and synced under its name, or not at all."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gristmill import staging
from gristmill.errors import InputError, IntegrityError
from gristmill.files import plain_json, read_json, write_json_atomic
from gristmill.runs.draft import Draft, dropped_on_error
from gristmill.runs.manifest import looks_like_run, write_manifest

CHECKPOINTS = "checkpoints"
_NOW, _ASIDE = "now", "aside"
_TRAINING = "training.json"


class RunWriter(Draft):
    """Context manager for a new run: `with RunWriter(out) as run: run.write_json("config.json", {...})`.

    On a clean exit `files.sha256` is written, every file and folder is synced and the temporary folder is
    renamed to `out`. On an exception the temporary folder is removed. A killed process leaves a folder
    `.NAME.partial`, which nothing takes for a run and which the next writer of the same name removes. Only checkpoints
    of training stay in either case, for a writer that asks for them with `go_on`.

    Args:
        out: Folder of the run; it must not be there or be empty. Parent folders are made.

    Raises:
        InputError: On entry: `out` is taken, or another process is writing it.
        WorkError: On exit: `config.json` or `lineage.json` was not written, or the folder cannot be finished.
    """

    _lock: int

    def __enter__(self) -> Self:
        staging.settle(self.out)
        self._refuse_taken()
        self._lock = staging.hold(self.out, CHECKPOINTS)
        try:
            self._refuse_taken()
        except InputError:
            staging.drop(self.out, self._lock)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            if self.has_checkpoints or _has_checkpoints(self._aside):
                staging.leave(self._lock)
            else:
                staging.drop(self.out, self._lock)
            return
        with dropped_on_error(self.out, self._lock):
            shutil.rmtree(self.path / CHECKPOINTS, ignore_errors=True)
            write_manifest(self.path)
            staging.place(self.out, self._lock)

    @property
    def checkpoints(self) -> Path:
        """Folder for checkpoints of training; it is removed when the run is finished."""
        return self.path / CHECKPOINTS / _NOW

    @property
    def _aside(self) -> Path:
        return self.path / CHECKPOINTS / _ASIDE

    @property
    def has_checkpoints(self) -> bool:
        """Whether there is one that training can go on from."""
        return _has_checkpoints(self.checkpoints)

    def go_on(self, training: Mapping[str, Any]) -> list[str]:
        """Keeps the checkpoints that a writer of this run left if they are of the same training, and sets others aside.

        One training is kept aside, until the run is finished: a writer of the same training takes it up again.

        Args:
            training: JSON values by name: all that the training follows from.

        Returns:
            Names of the values that differ, where checkpoints were set aside for it.
        """
        wanted, found = plain_json(training), _training(self.checkpoints)
        if found == wanted:
            return []
        had, again = self.has_checkpoints, _training(self._aside) == wanted
        coming = self.path / CHECKPOINTS / "coming"
        shutil.rmtree(coming, ignore_errors=True)
        if again:
            self._aside.rename(coming)
        else:
            coming.mkdir(parents=True)
            write_json_atomic(coming / _TRAINING, wanted)
        if had:
            shutil.rmtree(self._aside, ignore_errors=True)
            self.checkpoints.rename(self._aside)
        else:
            shutil.rmtree(self.checkpoints, ignore_errors=True)
        coming.rename(self.checkpoints)
        if again or not had:
            return []
        return sorted(name for name in wanted if found is None or found.get(name) != wanted[name])

    def _refuse_taken(self) -> None:
        if not self.out.name or (self.out.exists() and not self.out.is_dir()):
            raise InputError(f"a run is a folder; choose another one. Received: {self.out}")
        if self.out.is_dir() and any(self.out.iterdir()):
            what = "is a run already" if looks_like_run(self.out) else "is not empty"
            raise InputError(f"{self.out} {what}; choose another folder, or remove this one first")


def _has_checkpoints(folder: Path) -> bool:
    return any(folder.glob("*/*.index"))


def _training(folder: Path) -> Any:
    """What the checkpoints of a folder are of; None where that is not known."""
    try:
        return read_json(folder / _TRAINING)
    except IntegrityError:
        return None
