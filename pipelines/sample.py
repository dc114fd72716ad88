"""The first records of a file as a smaller file of the same format."""

from pathlib import Path

import pyarrow.parquet as pq
from isal import igzip

from gristmill.errors import InputError
from pipelines.readers.delimited import DIALECTS
from pipelines.readers.records import cut_pieces
from pipelines.sources import is_gzip, read_chunks, source_file

__all__ = ["cut_sample"]

_CHUNK_BYTES = 1 << 20


def cut_sample(files: list[str], size: int, folder: Path, columns: tuple[str, ...] = ()) -> tuple[str, int]:
    """Writes the first records of the largest of some files.

    Args:
        files: Paths of files of one format.
        size: About how many unpacked bytes to take.
        folder: Where to write.
        columns: Names of the columns of a delimited file without a header line.

    Returns:
        Path of the sample, and how many unpacked bytes it holds.

    Raises:
        InputError: The file cannot be read, is a pair of files, or a translation memory.
    """
    path = max(files, key=lambda name: Path(name).stat().st_size if Path(name).exists() else 0)
    source = source_file(path, columns=columns)
    target = (
        folder / f"sample{''.join(Path(path).suffixes[-2:] if is_gzip(source.files[0]) else Path(path).suffixes[-1:])}"
    )
    if source.format in ("parallel", "tmx"):
        what = "a translation memory" if source.format == "tmx" else "a pair of parallel files"
        raise InputError(f"{path}: an estimate needs files that can be cut. Received: {what}")
    if source.format == "parquet":
        return str(target), _cut_parquet(path, size, target)
    delimiter, quote = DIALECTS.get(source.format, ("", b""))
    done = 0
    with igzip.open(target, "wb") if is_gzip(path) else open(target, "wb") as out:
        for piece in cut_pieces(path, read_chunks(path, _CHUNK_BYTES), quote, delimiter.encode()):
            out.write(piece.data)
            done += len(piece.data)
            if done >= size:
                break
    return str(target), done


def _cut_parquet(path: str, size: int, target: Path) -> int:
    done = 0
    with pq.ParquetFile(path) as file, pq.ParquetWriter(target, file.schema_arrow) as out:
        for group in range(file.num_row_groups):
            out.write_table(file.read_row_group(group))
            done += file.metadata.row_group(group).total_byte_size
            if done >= size:
                break
    return done
