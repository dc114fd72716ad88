"""CSV (RFC 4180, quoted line ends included) and TSV (no quoting) with a header line."""

import csv
from collections.abc import Iterator
from typing import Literal

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from gristmill.errors import InputError, unknown_name
from pipelines.readers.records import Records, cut_records
from pipelines.sources import POSITION, Block, SourceFile, read_chunks

__all__ = ["DIALECTS", "read"]

_CHUNK_BYTES = 4 << 20
DIALECTS = {"csv": (",", b'"'), "tsv": ("\t", b"")}


def read(source: SourceFile, columns: tuple[str, ...]) -> Iterator[Block]:
    """Reads a delimited file; every asked-for column comes as strings, an empty cell as null.

    Raises:
        InputError: The file is empty, its header is not UTF-8 or names a column twice, or a column is missing.
    """
    delimiter, quote = DIALECTS[source.format]
    header: list[str] = []
    for records in cut_records(source.path, read_chunks(source.path, _CHUNK_BYTES), quote, delimiter.encode()):
        if not header and len(records.text):
            header = _header(source.path, records, delimiter, quote, columns)
            records = Records(records.text[1:], records.lines[1:])
        if len(records.text):
            yield _parse(records, header, columns, delimiter, quote)
    if not header:
        raise InputError(f"{source.path}: the file is empty; a header line is needed")


def _header(path: str, records: Records, delimiter: str, quote: bytes, columns: tuple[str, ...]) -> list[str]:
    try:
        line = records.text[0].as_py().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}:{records.lines[0]}: the header is not UTF-8: {error.reason}") from error
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    try:
        header = next(csv.reader([line], delimiter=delimiter, quoting=quoting))
    except csv.Error as error:
        raise InputError(f"{path}:{records.lines[0]}: the header cannot be read: {error}") from error
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(f"{path}:{records.lines[0]}: the header names a column twice: {', '.join(map(repr, twice))}")
    for column in columns:
        if column not in header:
            raise InputError(f"{path}: {unknown_name('column', column, header)}")
    return header


def _parse(records: Records, header: list[str], columns: tuple[str, ...], delimiter: str, quote: bytes) -> Block:
    records, bad_utf8 = records.split_bad_utf8()
    records, bare_returns = records.split_bare_returns(quote, delimiter.encode())
    rejected = bad_utf8 + bare_returns
    text, lines = records.text, records.lines
    ragged: dict[int, int] = {}
    table = _read_csv(text, header, columns, delimiter, quote, ragged)
    if ragged:
        keep = np.ones(len(text), bool)
        keep[list(ragged)] = False
        rejected += tuple(
            (int(lines[i]), f"{count} cells where the header has {len(header)}", text[i].as_py())
            for i, count in ragged.items()
        )
        text, lines = text.filter(pa.array(keep)), lines[keep]
    if table.num_rows != len(lines):
        raise AssertionError(f"{table.num_rows} rows were parsed of {len(lines)} records")
    batch = pa.RecordBatch.from_arrays(
        [pa.array(lines), *(_one_array(table.column(name)) for name in columns)], [POSITION, *columns]
    )
    return Block(batch, text, rejected)


def _read_csv(
    text: pa.Array, header: list[str], columns: tuple[str, ...], delimiter: str, quote: bytes, ragged: dict[int, int]
) -> pa.Table:
    """Parses the records; those with a wrong number of cells are left out and told in `ragged` (index: cells)."""
    if not len(text):
        return pa.table({name: pa.array([], pa.string()) for name in columns})
    data = b"\n".join(text.to_pylist()) + b"\n"

    def skip(row: arrow_csv.InvalidRow) -> str:
        ragged[row.number - 1] = row.actual_columns
        return "skip"

    return arrow_csv.read_csv(
        pa.BufferReader(data),
        arrow_csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=header),
        arrow_csv.ParseOptions(
            delimiter=delimiter,
            quote_char=quote.decode() if quote else False,
            newlines_in_values=bool(quote),
            ignore_empty_lines=False,
            invalid_row_handler=skip,
        ),
        arrow_csv.ConvertOptions(
            column_types={name: pa.string() for name in columns},
            include_columns=list(columns),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
