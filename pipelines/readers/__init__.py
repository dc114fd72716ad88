"""One reader a file format: bytes in, blocks of Arrow records out."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import pyarrow as pa

from gristmill.errors import InputError
from pipelines.readers import delimited, json_lines, parallel, parquet, tmx
from pipelines.sources import WHOLE, Block, SourceFile, Span

__all__ = ["read_file"]

_READERS: dict[str, Callable[..., Iterator[Block]]] = {
    "csv": delimited.read,
    "tsv": delimited.read,
    "jsonl": json_lines.read,
    "parallel": parallel.read,
    "parquet": parquet.read,
    "tmx": tmx.read,
}


def read_file(
    source: SourceFile, columns: Iterable[str], span: Span = WHOLE, types: Mapping[str, pa.DataType] | None = None
) -> Iterator[Block]:
    """Reads one file or a span of it; the columns must be there.

    Args:
        source: The file.
        columns: Names of the columns that are wanted.
        span: Which part of it.
        types: Arrow types to read columns of a text file as, wherever all values of a block allow it.

    Raises:
        InputError: The file is empty, cut, no file of its format, lacks a column, or changed since it was looked at.
    """
    try:
        yield from _READERS[source.format](source, tuple(columns), span, types)
    except OSError as error:
        raise InputError(f"{source.path}: {error.strerror or error}") from error
