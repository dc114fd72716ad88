"""Records that a function makes from all files of a source together, written to one file which the pipeline then reads.

A derivation's function takes the files and its options and gives a `Derived`. What it sets aside goes to quarantine as
it stands in the user's files, and these are the sources that the manifest names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gristmill.app import later
from gristmill.data.execution import Execution
from gristmill.data.manifest import FileEntry, SourceReport
from gristmill.data.plan import Derivation
from gristmill.errors import InputError
from gristmill.files import json_text
from gristmill.progress import Task
from gristmill.schema import Schema
from pipelines.finish import nothing_good
from pipelines.quarantine import Rejected, keep_rejected, write_quarantine
from pipelines.sources import source_file
from pipelines.spans import LookedAt, look_at
from pipelines.spill import SPILL
from pipelines.staging import Origin, Prepared, PreparedFile
from pipelines.write import write_file

__all__ = ["Derived", "FileUse", "Place", "derive"]


@dataclass(frozen=True)
class Place:
    """Where a derivation that runs a pipeline of its own does so."""

    work: Path
    """Folder that all workers see; what is written into its folder `SPILL` goes when the dataset is whole."""
    how: Execution
    found: tuple[LookedAt, ...]
    """Each file as it was found: its bytes and spans."""
    task: Task
    """Where to tell how far it is."""


@dataclass(frozen=True)
class FileUse:
    """What became of the records of one file: those that are not set aside were used."""

    read: int
    rejected: tuple[Rejected, ...]
    columns: tuple[str, ...]
    """Columns to write of a rejected record of a file that is no text."""


@dataclass(frozen=True)
class Derived:
    """What a derivation gives."""

    records: pa.Table
    """The columns of the schema; nulls, not NaN, where a value is missing."""
    record_schema: Schema
    files: tuple[FileUse, ...]
    """In the order of the files."""
    reports: Mapping[str, Any]
    """What to tell of how the records were made, by name; values that JSON knows."""
    assets: Mapping[str, bytes] = field(default_factory=dict)
    """Files that belong to the records, by their path in the dataset folder."""


def derive(prepared: Prepared, how: Execution, task: Task) -> Prepared:
    """The same ingestion with the derived records in the place of the files.

    Raises:
        InputError: The function refuses a file, too many records are set aside, or no record comes out.
    """
    derivation: Derivation = prepared.plan.derivation  # type: ignore[assignment]
    found = tuple(file.found for file in prepared.files)
    place = (Place(prepared.work, how, found, task),) if derivation.on_runner else ()
    files = tuple(file.file for file in prepared.files)
    made: Derived = later(derivation.function)(files, derivation.options, *place)
    quarantine = _quarantine(prepared, made)
    read, aside = sum(use.read for use in made.files), sum(len(use.rejected) for use in made.files)
    prepared.limit.hold(read, aside, prepared.work, prepared.out)
    name = prepared.plan.records.name
    if not made.records.num_rows:
        raise InputError(nothing_good(prepared.work, name, [file.file.index for file in prepared.files], read))
    path = prepared.work / SPILL / "derived.parquet"
    path.parent.mkdir(exist_ok=True)
    pq.write_table(made.records, path)
    records = prepared.plan.records.model_copy(update={"record_schema": made.record_schema, "paths": (str(path),)})
    file = source_file(str(path))
    return replace(
        prepared,
        plan=prepared.plan.model_copy(update={"records": records}),
        files=(PreparedFile(file, 0, look_at(file)),),
        origin=Origin(
            prepared.files,
            _sources(prepared, made),
            quarantine,
            _reports(prepared.work, made),
            _assets(prepared.work, made),
        ),
    )


def _quarantine(prepared: Prepared, made: Derived) -> tuple[FileEntry, ...]:
    entries = []
    for file, use in zip(prepared.files, made.files, strict=True):
        if use.rejected:
            part = keep_rejected(prepared.work, file.file.index, use.rejected)
            entries.append(write_quarantine(prepared.work, file.file, file.found.spans, use.columns, [part]))
    return tuple(entries)


def _sources(prepared: Prepared, made: Derived) -> tuple[SourceReport, ...]:
    return tuple(
        SourceReport(
            path=file.file.path,
            table="records",
            bytes=file.found.bytes,
            sha256=file.found.sha256,
            read=use.read,
            written=use.read - len(use.rejected),
            quarantined=len(use.rejected),
        )
        for file, use in zip(prepared.files, made.files, strict=True)
    )


def _reports(work: Path, made: Derived) -> dict[str, FileEntry]:
    return {
        name: write_file(work, f"reports/{name}.json", (json_text(report, name, indent=1) + "\n").encode())
        for name, report in made.reports.items()
    }


def _assets(work: Path, made: Derived) -> dict[str, FileEntry]:
    return {name: write_file(work, name, content) for name, content in made.assets.items()}
