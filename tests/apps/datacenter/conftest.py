"""Made telemetry: rows of an hour or a day as CSV, and the steps that come out of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from apps.datacenter.telemetry.derive import derive_steps
from pipelines.derive import Derived
from pipelines.sources import source_file


@dataclass(frozen=True)
class Made:
    """Derived steps, in short forms."""

    derived: Derived

    @property
    def report(self) -> dict[str, Any]:
        """The report."""
        report: dict[str, Any] = self.derived.reports["telemetry"]
        return report

    def column(self, name: str) -> list[Any]:
        """A column of the records, numbers to six digits."""
        values = self.derived.records.column(name).to_pylist()
        return [round(value, 6) if isinstance(value, float) else value for value in values]

    def told(self, name: str) -> dict[str, Any]:
        """What the report tells of a column."""
        found: dict[str, Any] = next(column for column in self.report["columns"] if column["name"] == name)
        return found

    @property
    def rejected(self) -> list[tuple[int, str]]:
        """Position and reason of each row that is set aside, of all files."""
        return [(place, reason) for use in self.derived.files for place, reason, _ in use.rejected]


@pytest.fixture
def steps(tmp_path: Path) -> Callable[..., Made]:
    """Derives steps from CSV files, each given as its header and rows of cells."""

    def make(*files: tuple[str, Iterable[Sequence[object]]], **options: Any) -> Made:
        sources = []
        for index, (header, rows) in enumerate(files):
            lines = [header, *(",".join("" if cell is None else str(cell) for cell in row) for row in rows)]
            path = tmp_path / f"{index}.csv"
            path.write_text("\n".join(lines) + "\n")
            sources.append(source_file(str(path), index))
        return Made(derive_steps(tuple(sources), options))

    return make
