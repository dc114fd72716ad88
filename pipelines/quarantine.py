"""Rejected records: kept in the work folder while a pipeline runs, then written as JSON lines, one file a source file."""

import base64
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from gristmill.data.manifest import FileEntry
from gristmill.errors import InputError
from pipelines.check import raw_record
from pipelines.readers import read_file
from pipelines.sources import POSITION, SourceFile, Span
from pipelines.spill import SPILL
from pipelines.write import write_file

__all__ = ["Rejected", "RejectedPart", "keep_rejected", "quarantine_path", "write_quarantine"]

Rejected = tuple[int, str, bytes | None]
"""Position, reason, and the record as it came (None for a duplicate: its text stands in the source)."""
_SCHEMA = pa.schema([("position", pa.int64()), ("reason", pa.string()), ("record", pa.large_binary())])


@dataclass(frozen=True, order=True)
class RejectedPart:
    """Rejected records of one source file that were found together."""

    file: int
    name: str
    rows: int


def keep_rejected(folder: Path, file: int, rejected: Sequence[Rejected]) -> RejectedPart:
    """Writes rejected records into the work folder."""
    name = f"rejected-{file:05d}-{secrets.token_hex(4)}.arrow"
    (folder / SPILL).mkdir(exist_ok=True)
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rejected, strict=True), _SCHEMA, strict=True)]
    with pa.OSFile(str(folder / SPILL / name), "wb") as sink, pa.ipc.new_file(sink, _SCHEMA) as writer:
        writer.write_table(pa.Table.from_arrays(columns, schema=_SCHEMA))
    return RejectedPart(file, name, len(rejected))


def write_quarantine(
    folder: Path, source: SourceFile, spans: Sequence[Span], columns: Sequence[str], parts: Sequence[RejectedPart]
) -> FileEntry:
    """Writes the rejected records of one source file as JSON lines, in the order of their positions.

    A record that is not UTF-8 stands as base64 under `record_base64`; of one that is no text these columns are written.

    Raises:
        InputError: The source changed since it was read.
    """
    tables = []
    for part in parts:
        with pa.memory_map(str(folder / SPILL / part.name)) as mapped:
            tables.append(pa.ipc.open_file(mapped).read_all())
    table = pa.concat_tables(tables).sort_by([("position", "ascending"), ("reason", "ascending")])
    lacking = table.filter(pa.compute.is_null(table.column("record"))).column("position").to_pylist()
    found = _find_records(source, spans, columns, set(lacking)) if lacking else {}
    lines = [_line(source.path, *entry, found=found) for batch in table.to_batches() for entry in _rows(batch)]
    return write_file(folder, quarantine_path(Path(), source.index).as_posix(), "".join(lines).encode(), len(lines))


def quarantine_path(folder: Path, index: int) -> Path:
    """Where the quarantine of a source file stands."""
    return folder / f"quarantine/{index:05d}.jsonl"


def _rows(batch: pa.RecordBatch) -> Iterator[tuple[int, str, bytes | None]]:
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _line(source: str, position: int, reason: str, record: bytes | None, found: dict[int, bytes]) -> str:
    entry: dict[str, Any] = {"source": source, "position": position, "reason": reason}
    text = found[position] if record is None else record
    try:
        entry["record"] = text.decode("utf-8")
    except UnicodeDecodeError:
        entry["record_base64"] = base64.b64encode(text).decode()
    return json.dumps(entry, ensure_ascii=False) + "\n"


def _find_records(
    source: SourceFile, spans: Sequence[Span], columns: Sequence[str], wanted: set[int]
) -> dict[int, bytes]:
    """The texts of records at positions, read from the source again; spans that hold none of them are passed over."""
    texts: dict[int, bytes] = {}
    ends = [span.line for span in spans[1:]] + [max(wanted) + 1]
    for span, end in zip(spans, ends, strict=True):
        if any(span.line <= position < end for position in wanted):
            for block in read_file(source, dict.fromkeys(columns), span):
                for row, position in enumerate(block.batch.column(POSITION).to_pylist()):
                    if position in wanted:
                        texts[position] = raw_record(block, row)
    if len(texts) != len(wanted):
        raise InputError(f"{source.path}: changed while it was read; run the same command again")
    return texts
