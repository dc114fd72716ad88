"""The translations that a run keeps: what is written is read, and what was damaged is told."""

from pathlib import Path

import pytest

from apps.translation.evaluation import Kept, kept_bytes, read_kept
from gristmill.errors import IntegrityError


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "kept.tsv"
    path.write_bytes(kept_bytes(["a\tb", "\u2028"], ["c\nd", ""], ["e", " f "]))
    assert read_kept(path) == Kept(("a b", "\u2028"), ("c d", ""), ("e", " f "))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", r"must have a line for each sentence\. Received: none"),
        (b"a\tb\tc\na\tb\n", r"line 2: must be source, reference and translation\. Received: 2 columns"),
        (b"\xff\tb\tc\n", "must be UTF-8"),
    ],
)
def test_damaged_files_are_told(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "kept.tsv"
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=told):
        read_kept(path)
