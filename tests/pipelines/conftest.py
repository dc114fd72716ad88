"""Small source files, and readers that give their records as plain Python."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.readers import read_file
from pipelines.sources import POSITION, Block, source_file

Rows = list[tuple[Any, ...]]
Rejected = list[tuple[int, str, bytes]]


@pytest.fixture
def make_file(tmp_path: Path) -> Callable[[str, bytes | str], str]:
    def make(name: str, content: bytes | str) -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return make


@pytest.fixture
def read_rows() -> Callable[..., tuple[Rows, Rejected]]:
    """Reads columns of a file: (position, value, ...) of each record, and what was rejected."""

    def read(path: str, *columns: str) -> tuple[Rows, Rejected]:
        blocks: list[Block] = list(read_file(source_file(path), columns))
        rows = [
            tuple(row[name] for name in (POSITION, *columns)) for block in blocks for row in block.batch.to_pylist()
        ]
        for block in blocks:
            assert block.raw is None or len(block.raw) == block.batch.num_rows
        return sorted(rows, key=lambda row: row[0]), sorted(entry for block in blocks for entry in block.rejected)

    return read
