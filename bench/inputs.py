"""What the benchmarks work on: MovieLens-100k as a dataset folder, and a trained run; each made when it is first asked for."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gristmill.progress import Lines, Progress

if TYPE_CHECKING:
    from gristmill.app import App, Work
    from gristmill.workflow.opened import OpenedRun

__all__ = ["Inputs"]


@dataclass(frozen=True)
class Inputs:
    """The inputs of one call of `python -m bench`.

    Attributes:
        folder: Where what is missing is made.
        given_dataset: A dataset folder of the app recommend; fetched and ingested where there is none.
        given_run: A run folder trained on that dataset; trained and exported where there is none.
        preset: Preset of the models.
        seeds: Seeds of the benchmark `quality`.
        rows: Rows of the benchmark `ingest`.
        scale: Rows of each run of the benchmark `scale`.
        faults: Faults of the benchmark `faults`.
        advisor: Module and name of what makes its advisor.
        pairs: Folder with `train.tsv.gz` and `dev.tsv.gz`, for the benchmarks `translation_peers` and `translation_quality`.
        phrases: Folder of the phrase-based model; trained where it is not there yet.
    """

    folder: Path
    given_dataset: Path | None = None
    given_run: Path | None = None
    preset: str = "default"
    seeds: tuple[int, ...] = (0, 1, 2)
    rows: int = 2_000_000
    scale: tuple[int, ...] = (1_000_000, 10_000_000, 50_000_000)
    faults: int = 50
    advisor: str = "apps.datacenter.safety.trial:rule_advisor"
    pairs: Path | None = None
    phrases: Path | None = None

    @property
    def progress(self) -> Progress:
        """Lines on standard error, so that the tables stand alone on standard output."""
        return Lines()

    @cached_property
    def app(self) -> "App":
        """The recommender."""
        from gristmill.app import find_app

        return find_app("recommend")

    @cached_property
    def dataset(self) -> Path:
        """The dataset folder."""
        if self.given_dataset is not None:
            return self.given_dataset
        from gristmill.data.fetch import fetch

        assert self.app.default_sources is not None
        from gristmill.data.execution import Execution

        with self.progress.task("fetch MovieLens-100k"):
            sources, options = self.app.default_sources(fetch(self.app.data[0], report=self.progress.line))
        self.app.ingest(self.app.plan(sources, options), self.folder / "dataset", self.progress, Execution())
        return self.folder / "dataset"

    @cached_property
    def work(self) -> "Work":
        """Dataset and settings of the preset, silent and with seed 0."""
        from gristmill.app import Work
        from gristmill.data.dataset import Dataset
        from gristmill.progress import Silent

        return Work(Dataset.open(self.dataset), self.app.configure(self.preset, []), 0, Silent())

    @cached_property
    def run(self) -> "OpenedRun":
        """The trained run, with lite files."""
        from gristmill.progress import Silent
        from gristmill.workflow import export_run, train_app
        from gristmill.workflow.opened import open_run

        path = self.given_run
        if path is None:
            path = self.folder / "run"
            train_app(self.app, self.dataset, path, preset=self.preset, progress=self.progress)
            export_run(path, progress=self.progress)
        return open_run(path, self.dataset, Silent())
