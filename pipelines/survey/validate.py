"""Checks every record of files against a schema, by the same rules as an ingestion, and tells which rules are broken."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from gristmill.data.reports import BrokenRule, Place, Validation
from gristmill.errors import InputError
from gristmill.progress import Progress, Silent
from gristmill.schema import Schema
from pipelines.casts import cast
from pipelines.limit import Limit
from pipelines.sources import POSITION, Block, expand_paths
from pipelines.survey.counting import blocks_of
from pipelines.survey.infer import columns_of
from pipelines.survey.sides import schema_named

__all__ = ["validate"]

_SHOWN = 80
_RECEIVED = re.compile(r"\. Received: |: ")
"""Between the rule and what is peculiar to the record, in a reader's reason."""


@dataclass
class _Broken:
    count: int = 0
    first: list[Place] = field(default_factory=list)


@dataclass
class _Tally:
    """What is found, rule by rule."""

    places: int
    read: int = 0
    invalid: int = 0
    rules: dict[tuple[str, str], _Broken] = field(default_factory=dict)

    def add(self, feature: str, rule: str, count: int, first: Iterator[Place]) -> None:
        found = self.rules.setdefault((feature, rule), _Broken())
        found.count += count
        found.first += [place for place, _ in zip(first, range(self.places - len(found.first)), strict=False)]


def validate(
    files: Sequence[str | Path],
    schema: Schema | str,
    *,
    max_invalid: str = "0",
    places: int = 3,
    progress: Progress | None = None,
) -> Validation:
    """Checks files against a schema.

    Args:
        files: Paths or globs.
        schema: What each record must hold, or where that stands: a YAML file, or a dataset (`FOLDER` or `FOLDER:TABLE`).
        max_invalid: How many records may be invalid: a share such as `1%`, or a number.
        places: How many places to tell of each broken rule.
        progress: Where to tell how it goes.

    Raises:
        InputError: A file cannot be read or lacks a column, or `max_invalid` is neither share nor number.
    """
    limit = _limit(max_invalid)
    schema = schema_named(schema) if isinstance(schema, str) else schema
    paths = expand_paths(files)
    tally = _Tally(places)
    unknown = {}
    for path in paths:
        with (progress or Silent()).task(f"check {path}") as task:
            for block in blocks_of(path, schema):
                _check(path, block, schema, tally)
                task.advance(block.read)
        others = set(columns_of(path)[0]) - {feature.source_column for feature in schema.features}
        if others:
            unknown[path] = tuple(sorted(others))
    broken = tuple(
        BrokenRule(feature, rule, found.count, tuple(found.first)) for (feature, rule), found in tally.rules.items()
    )
    ordered = tuple(sorted(broken, key=lambda rule: -rule.count))
    exceeded = limit.exceeded(tally.read, tally.invalid) is not None
    return Validation(tally.read, tally.invalid, ordered, max_invalid, exceeded, unknown)


def _limit(text: str) -> Limit:
    try:
        return Limit.parse(text)
    except InputError as error:
        raise InputError(
            f"--max-invalid must be a share such as 1% or a number of records. Received: {text!r}"
        ) from error


def _check(path: str, block: Block, schema: Schema, tally: _Tally) -> None:
    """Adds what a block breaks; as in `pipelines.check`, a block parsed to numbers is read as text where any is bad."""
    casts = [cast(block.batch.column(feature.source_column), feature) for feature in schema.features]
    if block.as_text is not None and any(made.bad is not None for made in casts):
        for part in block.as_text():
            _check(path, part, schema, tally)
        return
    tally.read += block.read
    any_bad = np.zeros(block.batch.num_rows, bool)
    positions = block.batch.column(POSITION)
    for feature, made in zip(schema.features, casts, strict=True):
        if made.bad is not None:
            bad = made.bad.to_numpy(zero_copy_only=False)
            any_bad |= bad
            came = block.batch.column(feature.source_column)
            rows = np.flatnonzero(bad)
            places = (Place(path, positions[row].as_py(), _shown(came[row])) for row in rows.tolist())
            tally.add(feature.name, made.rule, len(rows), places)
    for position, reason, record in block.rejected:
        rule, *received = _RECEIVED.split(reason, maxsplit=1)
        shown = received[0] if received else _shown(pa.scalar(record))
        tally.add("", rule, 1, iter([Place(path, position, shown)]))
    tally.invalid += int(any_bad.sum()) + len(block.rejected)


def _shown(value: pa.Scalar) -> str:
    try:
        text = repr(value.as_py())
    except (OverflowError, ValueError):
        text = str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
