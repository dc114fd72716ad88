"""One reader a file format: bytes in, blocks of Arrow records out."""

from collections.abc import Callable, Iterable, Iterator

from gristmill.errors import InputError
from pipelines.readers import delimited, json_lines, parquet
from pipelines.sources import Block, SourceFile

__all__ = ["read_file"]

_READERS: dict[str, Callable[[SourceFile, tuple[str, ...]], Iterator[Block]]] = {
    "csv": delimited.read,
    "tsv": delimited.read,
    "jsonl": json_lines.read,
    "parquet": parquet.read,
}


def read_file(source: SourceFile, columns: Iterable[str]) -> Iterator[Block]:
    """Reads one file; the columns must be there.

    Raises:
        InputError: The file is empty, cut, no file of its format, or lacks a column.
    """
    try:
        yield from _READERS[source.format](source, tuple(columns))
    except OSError as error:
        raise InputError(f"{source.path}: {error.strerror or error}") from error
