"""A schema from data: each column's feature, guessed from its first records or from all."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gristmill.data.reports import Inference
from gristmill.errors import InputError
from gristmill.progress import Progress, Silent
from gristmill.schema import Schema
from pipelines.peek import peek
from pipelines.readers import parallel, read_file
from pipelines.sources import expand_paths, source_file
from pipelines.survey.evidence import Evidence
from pipelines.survey.guess import guess

__all__ = ["columns_of", "infer"]

_PEEKED = 1000


def infer(
    files: Sequence[str | Path],
    *,
    rows: int | None = 100_000,
    ranges: bool = False,
    closed: int = 0,
    progress: Progress | None = None,
) -> Inference:
    """Guesses the schema of files that hold one kind of record.

    Args:
        files: Paths or globs.
        rows: How many records to look at, as many of each file; None for all.
        ranges: Whether the smallest and largest numbers seen become limits.
        closed: Categories with up to this many different terms allow no others.
        progress: Where to tell how it goes.

    Raises:
        InputError: A file is missing, empty or cut, or lacks a column of the first one.
    """
    paths = expand_paths(files)
    columns, notes = columns_of(paths[0])
    found = {column: Evidence() for column in columns}
    share = None if rows is None else max(1, rows // len(paths))
    seen = 0
    with (progress or Silent()).task(f"look at {len(paths)} file{'s' * (len(paths) > 1)}") as task:
        for path in paths:
            seen += _look(path, found, share, task)
    if not seen:
        raise InputError(f"{paths[0]}: no record can be read; a schema needs at least one")
    features = []
    for column, evidence in found.items():
        try:
            feature, note = guess(column, evidence, ranges=ranges, closed=closed)
        except ValidationError as error:
            raise InputError(
                f"{paths[0]}: column {column!r} cannot be a feature: {error.errors()[0]['msg']}"
            ) from error
        features.append(feature)
        notes += [(column, note)] if note else []
    try:
        return Inference(Schema(features=tuple(features)), seen, tuple(notes))
    except ValidationError as error:
        raise InputError(f"{paths[0]}: {error.errors()[0]['msg']}") from error


def columns_of(path: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The columns of a file that can be features, and why others cannot."""
    if source_file(path).format == "parallel":
        return list(parallel.SIDES), []
    columns, records = peek(path, _PEEKED)
    nameless = [place for place, column in enumerate(columns, start=1) if not column]
    if nameless:
        raise InputError(f"{path}: column {nameless[0]} has no name; name it in the header, or leave it out")
    objects = [column for column in columns if any(_holds_object(record.get(column)) for record in records)]
    notes = [(column, "left out: it holds objects, which no feature does") for column in objects]
    return [column for column in columns if column not in objects], notes


def _holds_object(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_holds_object, value)))


def _look(path: str, found: dict[str, Evidence], rows: int | None, task: Any) -> int:
    """Adds the first records of a file to the evidence; tells how many."""
    seen = 0
    for block in read_file(source_file(path), found):
        batch = block.batch if rows is None else block.batch.slice(0, rows - seen)
        for column, evidence in found.items():
            evidence.add(batch.column(column))
        seen += batch.num_rows
        task.advance(batch.num_rows)
        if rows is not None and seen >= rows:
            break
    return seen
