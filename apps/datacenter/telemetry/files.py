"""Files of telemetry: their rows as times, sites and numbers, with the place of each row."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from apps.datacenter.options import IngestOptions
from apps.datacenter.telemetry.columns import FileColumns, find_columns
from apps.datacenter.telemetry.numbers import read_numbers
from gristmill.errors import InputError
from pipelines.peek import peek
from pipelines.quarantine import Rejected
from pipelines.readers import read_file
from pipelines.sources import POSITION, SourceFile

__all__ = ["RawFile", "read_raw"]


@dataclass
class RawFile:
    """What stands in one file; a row's number in it counts from 0, its position as the file's lines or rows do."""

    file: SourceFile
    names: tuple[str, ...]
    columns: FileColumns
    positions: NDArray[np.int64]
    """[row]."""
    times: list[pa.Array]
    """Cells of the time as they came, block by block; the types of blocks may differ."""
    sites: pa.ChunkedArray | None
    """Text [row]."""
    values: dict[str, NDArray[np.float64]]
    """In kept units, by feature; NaN is missing, `NO_NUMBER` something else [row]."""
    examples: dict[str, str] = field(default_factory=dict)
    """A cell that is neither a number nor missing, of each feature that has any."""
    unreadable: list[Rejected] = field(default_factory=list)
    """What is no row at all."""


def read_raw(file: SourceFile, options: IngestOptions) -> RawFile:
    """Reads a file whole.

    Raises:
        InputError: It is empty, cut or damaged, or has no column for the time.
    """
    names = tuple(peek(file.path, 1)[0])
    columns = find_columns(file.path, names, _units_in(file), options)
    types = {column.source: pa.float64() for column in columns.numbers} if file.format in ("csv", "tsv") else {}
    types |= {name: pa.string() for name in (columns.time, columns.site) if name and types}
    made = RawFile(file, names, columns, np.zeros(0, np.int64), [], None, {})
    positions: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    sites: list[pa.Array] = []
    values: dict[str, list[NDArray[np.float64]]] = {column.name: [np.zeros(0)] for column in columns.numbers}
    for block in read_file(file, names, types=types or None):
        batch = block.batch
        positions.append(batch.column(POSITION).to_numpy())
        made.times.append(batch.column(columns.time))
        if columns.site:
            sites.append(_texts(file.path, columns.site, batch.column(columns.site)))
        for column in columns.numbers:
            numbers, example = read_numbers(batch.column(column.source))
            values[column.name].append(numbers)
            if example:
                made.examples.setdefault(column.name, example)
        made.unreadable.extend(block.rejected)
    made.positions = np.concatenate(positions)
    made.sites = pa.chunked_array(sites, pa.string()) if columns.site else None
    for column in columns.numbers:
        joined = np.concatenate(values.pop(column.name))
        made.values[column.name] = column.unit(joined) if column.unit else joined
    return made


def _units_in(file: SourceFile) -> Mapping[str, str]:
    """Units that a Parquet file tells in the metadata of its fields."""
    if file.format != "parquet":
        return {}
    return {field.name: (field.metadata or {}).get(b"unit", b"").decode() for field in pq.read_schema(file.path)}


def _texts(path: str, name: str, cells: pa.Array) -> pa.Array:
    try:
        return cells.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"{path}: column {name!r} must hold the names of sites. Received: {cells.type}") from error
