"""Cleaning as a Beam pipeline: spans of files -> read + clean -> what is left in Arrow files, what is set aside told.

spans of files -> spread -> read + clean -> gather
"""

import pickle
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.translation.cleaning.clean import clean
from apps.translation.cleaning.names import UNREADABLE
from apps.translation.cleaning.rules import Limits
from apps.translation.sources.columns import PairFile
from gristmill.errors import InputError
from gristmill.files import write_atomic
from pipelines.check import check, raw_record
from pipelines.derive import Place
from pipelines.engines import run_pipeline
from pipelines.quarantine import Rejected
from pipelines.readers import read_file
from pipelines.sources import POSITION, Block, Span
from pipelines.spill import SPILL, Part, load_parts, spill
from pipelines.watch import count

__all__ = ["FileCleaned", "clean_files"]

_SIDES = ("source", "target")


@dataclass
class FileCleaned:
    """What became of the records of one file, or of a span of it."""

    read: int = 0
    normalised: int = 0
    """Texts that normalising changed."""
    rejected: list[Rejected] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    origins: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many pairs of an origin a rule set aside: (origin, rule)."""
    failure: str = ""

    def add(self, other: "FileCleaned") -> None:
        """Adds a span of the same file."""
        self.read += other.read
        self.normalised += other.normalised
        self.rejected += other.rejected
        self.parts += other.parts
        self.origins += other.origins
        self.failure = self.failure or other.failure


@dataclass(frozen=True)
class _Portion:
    file: int
    span: Span
    bytes: int


def clean_files(files: Sequence[PairFile], limits: Limits, place: Place) -> tuple[list[FileCleaned], pa.Table]:
    """Cleans all pairs of all files.

    Returns:
        What became of each file's records, and a table of all that is left: `POSITION`, `file`, `origin`, `source`,
        `target`, `masked_source` and `masked_target`, in the order of the files and their lines.

    Raises:
        InputError: A file cannot be read; the message tells all of them.
    """
    outcome = place.work / SPILL / f"cleaned-{secrets.token_hex(4)}"
    outcome.parent.mkdir(exist_ok=True)
    run_pipeline(
        place.how, partial(_build, files=tuple(files), limits=limits, place=place, outcome=outcome), place.task,
        sum(found.bytes for found in place.found), place.work,
    )  # fmt: skip
    told: list[tuple[int, FileCleaned]] = pickle.loads(outcome.read_bytes())
    cleaned = [FileCleaned() for _ in files]
    for index, one in told:
        cleaned[index].add(one)
    if failures := [one.failure for one in cleaned if one.failure]:
        raise InputError("\n".join(failures))
    parts = [part for one in cleaned for part in one.parts]
    return cleaned, _table(place.work, parts)


def _build(pipeline: beam.Pipeline, files: tuple[PairFile, ...], limits: Limits, place: Place, outcome: Path) -> None:
    portions = [
        _Portion(index, span, -(-found.bytes // len(found.spans)))
        for index, found in enumerate(place.found)
        for span in found.spans
    ]
    _ = (
        pipeline
        | "spans of files" >> beam.Create(list(enumerate(portions)), reshuffle=False)
        | "spread" >> beam.GroupByKey()
        | "read and clean" >> beam.ParDo(_ReadAndClean(files, limits, place.work))
        | "gather" >> beam.GroupByKey()
        | "keep what is told" >> beam.ParDo(_Keep(outcome))
    )


class _ReadAndClean(beam.DoFn):
    """A span of a file in; out comes what became of its records."""

    def __init__(self, files: tuple[PairFile, ...], limits: Limits, work: Path) -> None:
        self.files, self.limits, self.work = files, limits, work

    def process(self, keyed: tuple[int, Iterable[_Portion]]) -> Iterator[tuple[int, tuple[int, FileCleaned]]]:
        """Reads and cleans spans of files."""
        for portion in keyed[1]:
            file = self.files[portion.file]
            made, batches, left = FileCleaned(), list[pa.RecordBatch](), portion.bytes
            try:
                for block in read_file(file.file, file.columns, portion.span):
                    batches.append(_clean_block(block, file, self.limits, made))
                    count("rows", block.read)
                    count("bytes", min(block.bytes, left))
                    left -= min(block.bytes, left)
            except InputError as error:
                made.failure = str(error)
            made.parts = list(spill(self.work, portion.file, batches, "", 1).values())
            count("bytes", left)
            yield 0, (portion.file, made)


class _Keep(beam.DoFn):
    """Keeps what was told for the process that started the pipeline."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def process(self, element: tuple[int, Iterable[tuple[int, FileCleaned]]]) -> None:
        """Writes one file."""
        told = sorted(element[1], key=lambda one: (one[0], min((part.line for part in one[1].parts), default=0)))
        write_atomic(self.path, pickle.dumps(told))


def _clean_block(block: Block, file: PairFile, limits: Limits, made: FileCleaned) -> pa.RecordBatch:
    """What is left of a block; the rest is told in `made`."""
    checked = check(block, file.record_schema)
    columns = dict(zip(checked.batch.schema.names, checked.batch.columns, strict=True))
    positions = columns[POSITION].to_numpy()
    origins = pc.fill_null(columns["origin"], file.name) if file.origin else _repeated(file.name, len(positions))
    cleaned = clean(columns["source"], columns["target"], limits)
    made.read += block.read
    made.normalised += cleaned.normalised
    made.rejected += checked.rejected
    made.origins[file.name, UNREADABLE] += len(checked.rejected)
    came = np.searchsorted(block.batch.column(POSITION).to_numpy(), positions)
    for row, reason in cleaned.aside:
        made.rejected.append((int(positions[row]), reason, raw_record(block, int(came[row]))))
        made.origins[origins[row].as_py(), reason.partition(":")[0]] += 1
    rows = pa.array(cleaned.rows)
    return pa.RecordBatch.from_pydict(
        {POSITION: columns[POSITION].take(rows), "origin": origins.take(rows), **cleaned.columns}, schema=_SCHEMA
    )


def _repeated(text: str, count: int) -> pa.Array:
    return pa.array([text] * count, pa.string())


_TEXTS = ("origin", "source", "target", "masked_source", "masked_target")
_SCHEMA = pa.schema([(POSITION, pa.int64()), *((name, pa.string()) for name in _TEXTS)])


def _table(work: Path, parts: list[Part]) -> pa.Table:
    tables = [
        pa.Table.from_batches([batch]).append_column("file", pa.array(np.full(part.rows, part.file, np.int32)))
        for part, batch in load_parts(work, parts)
    ]
    schema = _SCHEMA.append(pa.field("file", pa.int32()))
    return pa.concat_tables(tables).combine_chunks() if tables else schema.empty_table()
