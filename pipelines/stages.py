"""The pipeline's stages: thin Beam functions around plain ones."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from gristmill.errors import InputError
from pipelines.analyse import Statistics
from pipelines.arrange import FILE, arrange, partition, split_schema
from pipelines.check import check
from pipelines.finish import Analysed, Failed, Quarantined, Read, Written
from pipelines.readers import read_file
from pipelines.staging import Prepared, PreparedFile
from pipelines.write import Rejected, find_records, write_quarantine, write_shard, write_table, written_by_file

__all__ = ["Analyse", "Arrange", "ReadAndCheck", "SplitKey", "Write", "WriteQuarantine"]

SplitKey = tuple[int, str, int]
"""Index of the source in the plan, name of the split or table, shard."""


class _Stage(beam.DoFn):
    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared


class ReadAndCheck(_Stage):
    """A file in; out come checked records by (source, partition), rejected ones, what was read, and failures.

    A file that cannot be read does not stop the others: all failures are told at the end, and no dataset is written.
    """

    def process(self, element: PreparedFile) -> Iterator[Any]:
        """Reads and checks one file."""
        source = self.prepared.plan.sources[element.source]
        columns = dict.fromkeys(feature.source_column for feature in source.record_schema.features)
        index, read = element.file.index, 0
        try:
            for block in read_file(element.file, columns):
                read += block.read
                checked = check(block, source.record_schema)
                yield from self._tagged(element.source, index, checked.batch)
                for position, reason, record in checked.rejected:
                    yield beam.pvalue.TaggedOutput("rejected", (index, (index, position, reason, record)))
        except InputError as error:
            yield beam.pvalue.TaggedOutput("failed", Failed(index, str(error)))
        yield beam.pvalue.TaggedOutput("read", Read(index, read))

    def _tagged(self, source: int, file: int, batch: pa.RecordBatch) -> Iterator[tuple[tuple[int, int], pa.Table]]:
        plan = self.prepared.plan
        key, count = (plan.split.key, self.prepared.shards) if source == 0 else ("", 1)
        for place, part in partition(batch, key, count).items():
            column = pa.repeat(pa.scalar(file, pa.int32()), part.num_rows)
            yield (source, place), pa.Table.from_batches([part]).append_column(FILE, column)


class Arrange(_Stage):
    """All tables of one partition in; out come tables by `SplitKey`, and duplicates."""

    def process(self, element: tuple[tuple[int, int], Iterable[pa.Table]]) -> Iterator[Any]:
        """Arranges one partition."""
        (index, shard), tables = element
        plan = self.prepared.plan
        arranged = arrange(
            pa.concat_tables(tables), plan.sources[index], plan.split if index == 0 else None, self.prepared.paths
        )
        for name, table in arranged.splits.items():
            yield (index, name, shard), table
        for file, position, reason in arranged.duplicates:
            yield beam.pvalue.TaggedOutput("rejected", (file, (file, position, reason, None)))


class Write(_Stage):
    """Writes the records of one split and shard, or one side table."""

    def process(self, element: tuple[SplitKey, pa.Table]) -> Iterator[Written]:
        """Writes one file."""
        (index, name, shard), table = element
        if index == 0:
            entry = write_shard(self.prepared.work, name, shard, self.prepared.shards, table)
        else:
            entry = write_table(self.prepared.work, name, table)
        yield Written(index, name, entry, written_by_file(table))


class WriteQuarantine(_Stage):
    """Writes the rejected records of one source file."""

    def process(self, element: tuple[int, Iterable[Rejected]]) -> Iterator[Quarantined]:
        """Writes one file; the text of duplicates is looked up in the source."""
        index, rejected = element
        found = self.prepared.files[index]
        source = self.prepared.plan.sources[found.source]
        records = find_records(found.file, source.record_schema, list(rejected))
        entry = write_quarantine(self.prepared.work, index, found.file.path, records)
        yield Quarantined(index, entry)


class Analyse(beam.CombineFn):
    """Statistics of each split and side table, merged from those of its shards.

    They are merged at the end and in the shards' order, as the order of floating-point sums changes their last digits.
    """

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared

    def create_accumulator(self) -> list[tuple[int, Statistics]]:
        """Nothing counted yet."""
        return []

    def add_input(
        self, accumulator: list[tuple[int, Statistics]], element: tuple[SplitKey, pa.Table]
    ) -> list[tuple[int, Statistics]]:
        """Counts the records of one shard."""
        (index, _, shard), table = element
        plan = self.prepared.plan
        schema = plan.sources[index].record_schema
        if index == 0:
            schema = split_schema(schema, plan.split)
        return [*accumulator, (shard, Statistics.of(schema).add(table))]

    def merge_accumulators(self, accumulators: Iterable[list[tuple[int, Statistics]]]) -> list[tuple[int, Statistics]]:
        """Puts together what several have counted."""
        return [counted for accumulator in accumulators for counted in accumulator]

    def extract_output(self, accumulator: list[tuple[int, Statistics]]) -> Statistics:
        """The statistics of all shards."""
        first, *others = [statistics for _, statistics in sorted(accumulator, key=lambda counted: counted[0])]
        for other in others:
            first.merge(other)
        return first


def analysed(element: tuple[tuple[int, str], Statistics]) -> Analysed:
    """Names the statistics of a split or table for the outcome."""
    (index, name), statistics = element
    return Analysed(index, name, statistics)
