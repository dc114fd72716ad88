"""Writes a run folder as one step: it appears whole and synced under its name, or not at all."""

from types import TracebackType
from typing import Self

from gristmill import staging
from gristmill.errors import InputError
from gristmill.runs.draft import Draft, dropped_on_error
from gristmill.runs.manifest import looks_like_run, write_manifest


class RunWriter(Draft):
    """Context manager for a new run: `with RunWriter(out) as run: run.write_json("config.json", {...})`.

    On a clean exit `files.sha256` is written, every file and folder is synced and the temporary folder is
    renamed to `out`. On an exception the temporary folder is removed. A killed process leaves a folder
    `.NAME.partial`, which nothing takes for a run and which the next writer of the same name removes.

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
        self._lock = staging.hold(self.out)
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
            staging.drop(self.out, self._lock)
            return
        with dropped_on_error(self.out, self._lock):
            write_manifest(self.path)
            staging.place(self.out, self._lock)

    def _refuse_taken(self) -> None:
        if not self.out.name or (self.out.exists() and not self.out.is_dir()):
            raise InputError(f"a run is a folder; choose another one. Received: {self.out}")
        if self.out.is_dir() and any(self.out.iterdir()):
            what = "is a run already" if looks_like_run(self.out) else "is not empty"
            raise InputError(f"{self.out} {what}; choose another folder, or remove this one first")
