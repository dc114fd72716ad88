"""Parquet: typed columns, read by row group."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gristmill.errors import InputError, unknown_name
from pipelines.sources import POSITION, WHOLE, Block, SourceFile, Span

__all__ = ["read"]

_ROWS = 1 << 16


def read(
    source: SourceFile, columns: tuple[str, ...], span: Span = WHOLE, types: Mapping[str, pa.DataType] | None = None
) -> Iterator[Block]:
    """Reads row groups of a Parquet file; columns keep their own types, and `outer.inner` is a field of a struct.

    Raises:
        InputError: The file is empty, cut or no Parquet, or a column is missing or stands twice.
    """
    row = span.line
    try:
        with pq.ParquetFile(source.path, page_checksum_verification=True) as file:
            names = file.schema_arrow.names
            for column in columns:
                top = _top(file.schema_arrow, column)
                if top is None:
                    raise InputError(f"{source.path}: {unknown_name('column', column, names)}")
                if names.count(top) > 1:
                    raise InputError(f"{source.path}: column {top!r} stands twice")
            groups = list(range(file.num_row_groups))[span.start : span.stop]
            end = row + _counted(source.path, file.metadata, groups)
            for batch in file.iter_batches(_ROWS, row_groups=groups, columns=list(columns)):
                positions = pa.array(np.arange(row, row + batch.num_rows))
                row += batch.num_rows
                arrays = [positions, *(_column(batch, name) for name in columns)]
                yield _utf8_only(pa.RecordBatch.from_arrays(arrays, [POSITION, *columns]))
            if row != end:
                raise InputError(f"{source.path}: damaged: row {end - 1} must be the last. Received: {row - 1}")
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        after = f" after row {row - 1}" if row > 1 else ""
        raise InputError(f"{source.path}: cut, damaged or no Parquet file{after}: {error}") from error


def _top(schema: pa.Schema, column: str) -> str | None:
    """The column of the file that holds this one, which may be a field of a struct; None where there is none."""
    if column in schema.names:
        return column
    outer, _, inner = column.partition(".")
    kinds = [schema.field(i).type for i, name in enumerate(schema.names) if name == outer]
    return outer if kinds and pa.types.is_struct(kinds[0]) and kinds[0].get_field_index(inner) >= 0 else None


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    top = _top(batch.schema, name)
    return batch.column(name) if top == name else pc.struct_field(batch.column(top), name.partition(".")[2])


def _counted(path: str, footer: pq.FileMetaData, groups: list[int]) -> int:
    """Number of rows of row groups; a footer has no checksum, so its counts must agree or rows could be lost."""
    rows = [footer.row_group(i).num_rows for i in range(footer.num_row_groups)]
    if sum(rows) != footer.num_rows:
        raise InputError(f"{path}: damaged: the row groups must have {footer.num_rows} rows. Received: {sum(rows)}")
    return sum(rows[i] for i in groups)


def _utf8_only(batch: pa.RecordBatch) -> Block:
    """Sets aside the rows with a text that is not UTF-8, which Arrow does not look at when it reads."""
    try:
        batch.validate(full=True)
        return Block(batch, None)
    except pa.ArrowInvalid:
        pass
    good, rejected = np.ones(batch.num_rows, bool), []
    for row in range(batch.num_rows):
        try:
            batch.slice(row, 1).validate(full=True)
        except pa.ArrowInvalid as error:
            good[row] = False
            rejected.append((batch.column(POSITION)[row].as_py(), f"not readable: {error}", _bytes(batch, row)))
    return Block(batch.filter(pa.array(good)), None, tuple(rejected))


def _bytes(batch: pa.RecordBatch, row: int) -> bytes:
    """The texts of a row as they stand in the file, a column a line."""
    texts = [column for column in batch.slice(row, 1).columns if pa.types.is_string(column.type)]
    return b"\n".join(text.cast(pa.binary())[0].as_py() or b"" for text in texts)
