"""CSV (RFC 4180, quoted line ends included) and TSV (no quoting), with a header line or with columns named beforehand."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from gristmill.errors import InputError, unknown_name
from pipelines.readers.records import Piece, Records, cut_pieces
from pipelines.sources import POSITION, WHOLE, Block, SourceFile, Span, read_chunks

__all__ = ["DIALECTS", "read"]

_CHUNK_BYTES = 1 << 20
_HEADER_BYTES = 1 << 16
_LOOKED_AT = 100
_BOM = b"\xef\xbb\xbf"
DIALECTS = {"csv": (",", b'"'), "tsv": ("\t", b"")}


@dataclass(frozen=True)
class _Form:
    """How the cells of a file are told apart, and which of them are wanted."""

    path: str
    header: tuple[str, ...]
    columns: tuple[str, ...]
    delimiter: str
    quote: bytes


def read(
    source: SourceFile, columns: tuple[str, ...], span: Span = WHOLE, types: Mapping[str, pa.DataType] | None = None
) -> Iterator[Block]:
    """Reads a delimited file; every asked-for column comes as strings, an empty cell as null.

    Where `types` is given, a block whose records all can be read so comes with its columns of those types.

    Raises:
        InputError: The file is empty, its header is not UTF-8 or names a column twice, or a column is missing.
    """
    delimiter, quote = DIALECTS[source.format]
    header = source.columns or (() if span.start == 0 else _header_of(source, columns))
    if source.columns:
        _check_header(source.path, list(header), columns)
    wanted = dict(types or {})
    pieces = cut_pieces(
        source.path, read_chunks(source.path, _CHUNK_BYTES, span), quote, delimiter.encode(),
        whole=True, line=span.line,
    )  # fmt: skip
    any_record = False
    for piece in pieces:
        if not header:
            cut = piece.cut()
            if not len(cut.text):
                continue
            header = _header(source.path, cut, delimiter, quote, columns)
            piece = _without_first(piece)
        form = _Form(source.path, header, columns, delimiter, quote)
        any_record = True
        if piece.records:
            typed = None if types is None else _typed(piece, form, wanted)
            yield typed or _as_text(piece, form, wanted)
    if not header or (source.columns and not any_record and span.start == 0):
        raise InputError(f"{source.path}: the file is empty; a header line is needed")


def _header_of(source: SourceFile, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The header at the start of a file of which a later span is read."""
    delimiter, quote = DIALECTS[source.format]
    for piece in cut_pieces(source.path, read_chunks(source.path, _HEADER_BYTES), quote, delimiter.encode()):
        cut = piece.cut()
        if len(cut.text):
            return _header(source.path, cut, delimiter, quote, columns)
    return ()


def _header(path: str, records: Records, delimiter: str, quote: bytes, columns: tuple[str, ...]) -> tuple[str, ...]:
    where = f"{path}:{records.lines[0]}"
    try:
        line = records.text[0].as_py().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: the header is not UTF-8: {error.reason}") from error
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    try:
        header = next(csv.reader([line], delimiter=delimiter, quoting=quoting))
    except csv.Error as error:
        raise InputError(f"{where}: the header cannot be read: {error}") from error
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(f"{where}: the header names a column twice: {', '.join(map(repr, twice))}")
    _check_header(path, header, columns)
    return tuple(header)


def _check_header(path: str, header: list[str], columns: tuple[str, ...]) -> None:
    for column in columns:
        if column not in header:
            raise InputError(f"{path}: {unknown_name('column', column, header)}")


def _without_first(piece: Piece) -> Piece:
    """The piece after its first record that is no blank line."""
    scan = piece.scan
    array = np.frombuffer(piece.data, np.uint8)
    starts = np.concatenate([[0], scan.ends[:-1] + 1])
    blank = (scan.ends == starts) | ((scan.ends == starts + 1) & (array[starts] == 13))
    first = int(np.argmin(blank))
    lines = int(scan.lines[first])
    return Piece(
        piece.data[scan.ends[first] + 1 :], piece.line + lines, piece.newlines - lines, piece.quote, piece.delimiter
    )


def _typed(piece: Piece, form: _Form, wanted: dict[str, pa.DataType]) -> Block | None:
    """The block with its numbers parsed; None where any record of the piece has to be looked at singly."""
    if not piece.is_utf8 or piece.has_bare_returns:
        return None
    if pa.int64() in wanted.values() and any(x in piece.data and b"0" + x in piece.data for x in (b"x", b"X")):
        return None  # Arrow takes hexadecimal digits for a whole number
    try:
        table = _parse(piece.data, form, wanted)
    except pa.ArrowInvalid:
        return None
    if table.num_rows != piece.records:  # blank lines
        return None
    batch = _batch(piece.starts, table, form.columns)
    return Block(batch, None, (), lambda: (_as_text(piece, form, {}),), len(piece.data))


def _as_text(piece: Piece, form: _Form, wanted: dict[str, pa.DataType]) -> Block:
    """The block with every cell as it stands in the file; what is no record is set aside.

    A column whose first cells are not of the type wanted is not asked for as such again.
    """
    records, bad_utf8 = piece.cut().split_bad_utf8()
    records, bare_returns = records.split_bare_returns()
    rejected = bad_utf8 + bare_returns
    ragged: dict[int, int] = {}
    table = _parse(b"".join(text + b"\n" for text in records.text.to_pylist()), form, {}, ragged)
    if ragged:
        keep = np.ones(len(records.text), bool)
        keep[list(ragged)] = False
        rejected += tuple(
            (int(records.lines[i]), f"{n} cells where the header has {len(form.header)}", records.text[i].as_py())
            for i, n in ragged.items()
        )
        records = records.take(keep)
    if table.num_rows != len(records.lines):
        raise InputError(
            f"{form.path}:{piece.line}: {len(records.lines)} records stand here, but {table.num_rows} could be told apart"
        )
    for name, kind in list(wanted.items()):
        try:
            table.column(name).slice(0, _LOOKED_AT).cast(kind)
        except pa.ArrowInvalid:
            del wanted[name]
    batch = _batch(records.lines, table, form.columns)
    return Block(batch, records.text, rejected, bytes=len(piece.data))


def _batch(lines: np.ndarray, table: pa.Table, columns: tuple[str, ...]) -> pa.RecordBatch:
    arrays = [pa.array(lines, pa.int64()), *(_one_array(table.column(name)) for name in columns)]
    return pa.RecordBatch.from_arrays(arrays, [POSITION, *columns])


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _parse(
    data: bytes, form: _Form, types: Mapping[str, pa.DataType], ragged: dict[int, int] | None = None
) -> pa.Table:
    """Parses records; with `ragged`, those with a wrong number of cells are left out and told there (index: cells)."""
    columns = {name: types.get(name, pa.string()) for name in form.columns}
    if not data:
        return pa.schema(list(columns.items())).empty_table()
    if data.startswith(_BOM):  # Arrow takes one away; here it is a character of the first cell
        data = _BOM + data

    def skip(row: arrow_csv.InvalidRow) -> str:
        if ragged is None:
            return "error"
        ragged[row.number - 1] = row.actual_columns
        return "skip"

    return arrow_csv.read_csv(
        pa.BufferReader(data),
        arrow_csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=form.header),
        arrow_csv.ParseOptions(
            delimiter=form.delimiter,
            quote_char=form.quote.decode() if form.quote else False,
            newlines_in_values=bool(form.quote) and form.quote in data,
            ignore_empty_lines=ragged is None,
            invalid_row_handler=skip,
        ),
        arrow_csv.ConvertOptions(
            column_types=columns,
            include_columns=list(columns),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
            check_utf8=False,
        ),
    )
