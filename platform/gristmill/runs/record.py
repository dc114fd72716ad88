"""Opens a finished run as one frozen record, after comparing every file with its hash."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gristmill.errors import IntegrityError, unknown_name
from gristmill.files import read_json
from gristmill.runs.checks import checked_files, listed_files
from gristmill.staging import steadily

Metrics = dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True)
class Run:
    """A run folder as it was read.

    Attributes:
        path: The folder.
        config: `config.json`: `app`, `preset` and `seed` at the top, and all that the training was told.
        lineage: `lineage.json`: `created`, `dataset`, `code`, `packages`, `python`, `platform`.
        metrics: `metrics.json`: {split: {system: {metric: value}}}, ours under `model`; {} if not measured.
        history: The lines of `history.jsonl`; [] if there are none.
        lite: `lite/report.json`, a dict for each lite file (see `lite_table`); [] if not exported.
        files: {relative path: sha256} of every file of the run.
    """

    path: Path
    config: dict[str, Any]
    lineage: dict[str, Any]
    metrics: Metrics = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    lite: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, verify: bool = True) -> "Run":
        """Reads a run folder.

        Args:
            path: The folder.
            verify: Compare every file with `files.sha256` before anything is read.

        Raises:
            InputError: The folder is not there or is no run.
            IntegrityError: A file is missing, cut, changed or added; the error names it and both hashes.
        """
        path = Path(path)
        return steadily(path, lambda: cls._read(path, verify))

    @classmethod
    def _read(cls, path: Path, verify: bool) -> "Run":
        files = checked_files(path) if verify else listed_files(path)
        return cls(
            path=path,
            config=_read_mapping(path / "config.json"),
            lineage=_read_mapping(path / "lineage.json"),
            metrics=_read_mapping(path / "metrics.json") if "metrics.json" in files else {},
            history=_read_lines(path / "history.jsonl") if "history.jsonl" in files else [],
            lite=read_json(path / "lite/report.json") if "lite/report.json" in files else [],
            files=files,
        )

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.path.absolute().name

    def file(self, name: str) -> Path:
        """Returns the path of a file of the run, or of a folder such as `saved_model/retrieval`.

        Raises:
            InputError: The run has no such file; the error names near ones.
        """
        if name not in self.files and not any(item.startswith(f"{name.rstrip('/')}/") for item in self.files):
            raise unknown_name(f"file of the run {self.name}:", name, self.files)
        return self.path / name


def _read_mapping(path: Path) -> dict[str, Any]:
    content = read_json(path)
    if not isinstance(content, dict):
        raise IntegrityError(f"{path} must hold one JSON object. Received: {type(content).__name__}")
    return content


def _read_lines(path: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if line:
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise IntegrityError(f"{path} is not JSON in line {number}: {error}") from error
    return rows
