"""Looks at the first records of a file, as they stand there, to tell its columns and what they look like."""

import csv
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from gristmill.errors import InputError
from pipelines.readers.delimited import DIALECTS
from pipelines.readers.records import cut_records
from pipelines.sources import read_chunks, source_file

__all__ = ["peek"]

_BYTES = 1 << 20


def peek(path: str, count: int) -> tuple[list[str], list[dict[str, Any]]]:
    """The columns of a file and its first records; what cannot be read as a record is passed over.

    Raises:
        InputError: The file is empty, cut before its first record, or of no known format.
    """
    source = source_file(path)
    if source.format == "parquet":
        try:
            with pq.ParquetFile(path) as file:
                batch = next(file.iter_batches(count), None)
                return file.schema_arrow.names, batch.to_pylist() if batch is not None else []
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(f"{path}: cut, damaged or no Parquet file: {error}") from error
    if source.format == "jsonl":
        records = [record for record in map(_object, islice(_texts(path, b""), count)) if record is not None]
        if not records:
            raise InputError(f"{path}: no JSON object among the first records")
        return list(dict.fromkeys(key for record in records for key in record)), records
    delimiter, quote = DIALECTS[source.format]
    texts = _texts(path, quote, delimiter.encode())
    header = _cells(next(texts, ""), delimiter, quote)
    if not header:
        raise InputError(f"{path}: the file is empty or its first line cannot be read; a header line is needed")
    rows = (_cells(text, delimiter, quote) for text in islice(texts, count))
    return header, [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header)]


def _cells(text: str, delimiter: str, quote: bytes) -> list[str]:
    """The cells of a record; none where it cannot be read."""
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    try:
        return next(csv.reader([text], delimiter=delimiter, quoting=quoting), [])
    except csv.Error:
        return []


def _texts(path: str, quote: bytes, delimiter: bytes = b"") -> Iterator[str]:
    first = next(read_chunks(path, _BYTES), b"")
    for records in cut_records(path, [first], quote, delimiter, whole=len(first) < _BYTES):
        for text in records.text:
            yield text.as_py().decode("utf-8", errors="replace")


def _object(text: str) -> dict[str, Any] | None:
    try:
        made = json.loads(text)
    except ValueError:
        return None
    return made if isinstance(made, dict) else None
