"""Checked records between the two halves of a pipeline: Arrow files in the work folder, each parted by key.

Only where the parts lie travels through Beam; the records themselves are mapped into memory by whoever arranges a part.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.data.gather import gather
from pipelines.hashing import gathered, stable_hash
from pipelines.sources import POSITION

__all__ = ["Part", "SPILL", "load_parts", "spill"]

SPILL = ".spill"
"""Folder of these files inside the work folder; it is gone when the dataset is whole."""
_PLACES = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, order=True)
class Part:
    """The records read together that belong to one partition."""

    file: int
    """Index of the source file."""
    line: int
    """Position of the first of the records read together, so that parts of a file have an order."""
    name: str
    """Name of the Arrow file."""
    batch: int
    """Which of its record batches."""
    rows: int


def spill(folder: Path, file: int, batches: Sequence[pa.RecordBatch], key: str, partitions: int) -> dict[int, Part]:
    """Writes checked records that were read one after the other; gives the part of each partition that has any.

    Args:
        folder: The work folder.
        file: Index of the source file.
        batches: The records, with `POSITION`.
        key: Feature whose value decides the partition.
        partitions: How many there are.
    """
    batches = [batch for batch in batches if batch.num_rows]
    if not batches:
        return {}
    table = pa.Table.from_batches(batches).combine_chunks()
    line = pc.min(table.column(POSITION)).as_py()
    order, counts = _places(table, key, partitions)
    if order is not None:
        table = gather(table, order)
    name = f"{file:05d}-{line}-{secrets.token_hex(4)}.arrow"
    parts: dict[int, Part] = {}
    (folder / SPILL).mkdir(exist_ok=True)
    with pa.OSFile(str(folder / SPILL / name), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        at = 0
        for place in np.flatnonzero(counts).tolist():
            rows = int(counts[place])
            for batch in table.slice(at, rows).to_batches(max_chunksize=rows):
                writer.write_batch(batch)
            parts[place] = Part(file, line, name, len(parts), rows)
            at += rows
    return parts


def _places(table: pa.Table, key: str, partitions: int) -> tuple[np.ndarray | None, np.ndarray]:
    """The order in which records of one partition stand together, each part by position, and how many each has."""
    positions = table.column(POSITION).to_numpy()
    by_position = None if (np.diff(positions) > 0).all() else np.argsort(positions, kind="stable")
    if partitions == 1:
        return by_position, np.array([table.num_rows])
    place = ((stable_hash(table.column(key)) & _PLACES) % np.uint64(partitions)).astype(np.int64)
    if by_position is None:
        return gathered(place, partitions)
    order, counts = gathered(place[by_position], partitions)
    return by_position[order], counts


def load_parts(folder: Path, parts: Sequence[Part]) -> Iterator[tuple[Part, pa.RecordBatch]]:
    """The records of parts, in the order of their files and places there."""
    for part in sorted(parts):
        with pa.memory_map(str(folder / SPILL / part.name)) as source:
            yield part, pa.ipc.open_file(source).get_batch(part.batch)
