"""Counts raw files into statistics, in one pass that holds one block of records at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from gristmill.progress import Progress, Silent
from gristmill.schema import Schema
from pipelines.analyse import Statistics
from pipelines.check import check, column_types
from pipelines.readers import read_file
from pipelines.sources import Block, source_file

__all__ = ["Counted", "blocks_of", "count_files"]


@dataclass(frozen=True)
class Counted:
    """Statistics of the good records, and how many were read and how many of those were not good."""

    statistics: Statistics
    read: int
    invalid: int


def count_files(paths: Sequence[str], schema: Schema, progress: Progress | None = None) -> Counted:
    """Reads, checks and counts every record.

    Raises:
        InputError: A file cannot be read, or lacks a column of the schema.
    """
    statistics, read, invalid = Statistics.of(schema), 0, 0
    for path in paths:
        with (progress or Silent()).task(f"count {path}") as task:
            for block in blocks_of(path, schema):
                checked = check(block, schema)
                statistics.add(pa.Table.from_batches([checked.batch]))
                read += block.read
                invalid += len(checked.rejected)
                task.advance(block.read)
    return Counted(statistics, read, invalid)


def blocks_of(path: str, schema: Schema) -> Iterator[Block]:
    """The blocks of a file, with its columns of numbers parsed where they can be."""
    source = source_file(path)
    columns = dict.fromkeys(feature.source_column for feature in schema.features)
    return read_file(source, columns, types=column_types(schema, source.format))
