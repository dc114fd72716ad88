"""The pipeline's stages: thin Beam functions around plain ones; what travels between them says where the records lie."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from gristmill.data.manifest import FileEntry
from gristmill.errors import InputError
from pipelines.analyse import Statistics
from pipelines.arrange import FILE, Duplicate, arrange, split_schema
from pipelines.check import check, column_types
from pipelines.held import held_records, known_values
from pipelines.memory import keep_freed_memory
from pipelines.outcome import Failed, Quarantined, Read, Written, save_outcome, told
from pipelines.quarantine import Rejected, RejectedPart, keep_rejected, write_quarantine
from pipelines.readers import read_file
from pipelines.sources import Span
from pipelines.spill import SPILL, Part, load_parts, spill
from pipelines.staging import Prepared
from pipelines.watch import count
from pipelines.write import shard_name, write_shard, write_table

__all__ = ["Portion", "ReadAndCheck", "SaveOutcome", "WritePartition", "WriteQuarantine", "all_partitions", "portions"]

_HELD_BYTES = 128 << 20
"""Checked records that are held before they are written; a gzip file is one span, however long it is."""
Partition = tuple[int, int]
"""Index of the source in the plan, and number of the partition."""


@dataclass(frozen=True)
class Portion:
    """What is read at a time: a span of a file."""

    file: int
    span: Span
    bytes: int
    """Its share of the file's bytes."""


def portions(prepared: Prepared) -> list[Portion]:
    """All that has to be read."""
    return [
        Portion(file.file.index, span, -(-file.found.bytes // len(file.found.spans)))
        for file in prepared.files
        for span in file.found.spans
    ]


def all_partitions(prepared: Prepared) -> list[tuple[Partition, None]]:
    """Every partition of the records, for those that get no new ones too."""
    return [((0, place), None) for place in range(prepared.shards)]


class _Stage(beam.DoFn):
    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared

    def setup(self) -> None:
        """Prepares a worker."""
        keep_freed_memory()


class ReadAndCheck(_Stage):
    """A portion in; out come the parts of its checked records by partition, rejected ones, what was read, and failures.

    A file that cannot be read does not stop the others: all failures are told at the end, and no dataset is written.
    """

    def process(self, keyed: tuple[int, Iterable[Portion]]) -> Iterator[Any]:
        """Reads and checks spans of files."""
        for portion in keyed[1]:
            yield from self._read(portion)

    def _read(self, element: Portion) -> Iterator[Any]:
        prepared = self.prepared.file(element.file)
        source = self.prepared.plan.sources[prepared.source]
        columns = dict.fromkeys(feature.source_column for feature in source.record_schema.features)
        types = column_types(source.record_schema, prepared.file.format)
        read, batches, rejected, unseen = 0, list[pa.RecordBatch](), list[Rejected](), frozenset[str]()
        left, held = element.bytes, 0
        try:
            for block in read_file(prepared.file, columns, element.span, types):
                checked = check(block, source.record_schema)
                read += block.read
                unseen |= frozenset(block.unseen)
                batches.append(checked.batch)
                held += checked.batch.nbytes
                rejected.extend(checked.rejected)
                count("rows", block.read)
                count("bytes", min(block.bytes, left))
                left -= min(block.bytes, left)
                if held >= _HELD_BYTES:
                    yield from self._spill(prepared.source, element.file, batches)
                    batches, held = [], 0
        except InputError as error:
            yield beam.pvalue.TaggedOutput("told", told(Failed(element.file, str(error))))
        yield from self._spill(prepared.source, element.file, batches)
        if rejected:
            count("quarantined", len(rejected))
            yield beam.pvalue.TaggedOutput(
                "rejected", (element.file, keep_rejected(self.prepared.work, element.file, rejected))
            )
        self.prepared.limit.note(self.prepared.work, f"{element.file}-{element.span.line}", read, len(rejected))
        count("bytes", left)
        yield beam.pvalue.TaggedOutput("told", told(Read(element.file, read, unseen)))

    def _spill(self, source: int, file: int, batches: list[pa.RecordBatch]) -> Iterator[tuple[Partition, Part]]:
        plan = self.prepared.plan
        key, count = (plan.split.key, self.prepared.shards) if source == 0 else ("", 1)
        for place, part in spill(self.prepared.work, file, batches, key, count).items():
            yield (source, place), part


class WritePartition(_Stage):
    """All parts of one partition in; it writes their shards or side table, and out come what was written and duplicates.

    Where too many records were set aside while reading, nothing is written any more.
    """

    def setup(self) -> None:
        """Prepares a worker."""
        super().setup()
        self.stopped: bool | None = None

    def process(self, element: tuple[Partition, Iterable[Part | None]]) -> Iterator[Any]:
        """Arranges, counts and writes one partition; None among its parts stands for the records that are held."""
        if self.stopped is None:
            self.stopped = self.prepared.limit.passed(self.prepared.work)
        if self.stopped:
            return
        (index, place), parts = element
        plan = self.prepared.plan
        source = plan.sources[index]
        base, split = (self.prepared.base, plan.split) if index == 0 else (None, None)
        table, known = _load(self.prepared.work, [part for part in parts if part is not None]), None
        if base and self.prepared.rearranges:
            table = pa.concat_tables([held_records(self.prepared.out, base, source, place), *table])
        else:
            table = pa.concat_tables(table)
            known = known_values(self.prepared.work, base, source, place) if base and source.unique else None
        arranged = arrange(table, source, split, self.prepared.paths, known)
        schema = split_schema(source.record_schema, plan.split) if index == 0 else source.record_schema
        for name, records in arranged.splits.items():
            if records.num_rows or not self.prepared.stays:
                state = f"{SPILL}/{index}-{name}-{place:05d}.state"
                _keep(self.prepared.work / state, Statistics.of(schema).add(records).to_bytes())
                entry = self._write(index, name, place, records)
                yield told(Written(index, name, place, entry, arranged.by_file[name], state))
                count("written", records.num_rows)
        for file, rejected in _by_file(arranged.duplicates).items():
            count("quarantined", len(rejected))
            yield beam.pvalue.TaggedOutput("rejected", (file, keep_rejected(self.prepared.work, file, rejected)))

    def _write(self, index: int, name: str, place: int, records: pa.Table) -> FileEntry:
        work, layout = self.prepared.work, self.prepared.plan.layout
        if index > 0:
            return write_table(work, name, records)
        generation = self.prepared.generation if self.prepared.stays else 0
        file = shard_name(name, place, self.prepared.shards, generation, layout)
        return write_shard(work, file, records, layout)


class WriteQuarantine(_Stage):
    """Writes the rejected records of one source file."""

    def process(self, element: tuple[int, Iterable[RejectedPart]]) -> Iterator[Any]:
        """Writes one file; the text of duplicates is looked up in the source."""
        index, parts = element
        found = self.prepared.file(index)
        columns = [f.source_column for f in self.prepared.plan.sources[found.source].record_schema.features]
        entry = write_quarantine(self.prepared.work, found.file, found.found.spans, columns, sorted(parts))
        yield told(Quarantined(index, entry))


class SaveOutcome(_Stage):
    """Keeps what the stages told for the process that started the pipeline."""

    def process(self, element: tuple[int, Iterable[Any]]) -> None:
        """Writes one file."""
        save_outcome(list(element[1]), self.prepared.work)


def _keep(path: Path, data: bytes) -> None:
    """Writes what is needed only until the pipeline has ended; a second try of the same work writes the same."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def _load(work: Path, parts: list[Part]) -> list[pa.Table]:
    """The records of parts, with the index of each one's file."""
    return [
        pa.Table.from_batches([batch]).append_column(FILE, pa.array(np.full(part.rows, part.file, np.int32)))
        for part, batch in load_parts(work, parts)
    ]


def _by_file(duplicates: tuple[Duplicate, ...]) -> dict[int, list[Rejected]]:
    made: dict[int, list[Rejected]] = {}
    for file, position, reason in duplicates:
        made.setdefault(file, []).append((position, reason, None))
    return made
