"""Parquet: typed columns, read by row group."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from gristmill.errors import InputError, unknown_name
from pipelines.sources import POSITION, Block, SourceFile

__all__ = ["read"]

_ROWS = 1 << 16


def read(source: SourceFile, columns: tuple[str, ...]) -> Iterator[Block]:
    """Reads a Parquet file; columns keep their types.

    Raises:
        InputError: The file is empty, cut or no Parquet, or a column is missing.
    """
    try:
        with pq.ParquetFile(source.path) as file:
            for column in columns:
                if column not in file.schema_arrow.names:
                    raise InputError(f"{source.path}: {unknown_name('column', column, file.schema_arrow.names)}")
            row = 1
            for batch in file.iter_batches(_ROWS, columns=list(columns)):
                positions = pa.array(range(row, row + batch.num_rows), pa.int64())
                row += batch.num_rows
                arrays = [positions, *(batch.column(name) for name in columns)]
                yield Block(pa.RecordBatch.from_arrays(arrays, [POSITION, *columns]), None)
    except pa.ArrowInvalid as error:
        raise InputError(f"{source.path}: cut, damaged or no Parquet file: {error}") from error
