"""A file is parted into spans of whole records, which together give what the whole file gives."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gristmill.errors import InputError
from pipelines import spans
from pipelines.readers import delimited, json_lines, read_file
from pipelines.sources import POSITION, Span, source_file
from pipelines.spans import look_at

Make = Callable[[str, bytes | str], str]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "SPAN_BYTES", 100)
    monkeypatch.setattr(spans, "_CHUNK_BYTES", 37)
    monkeypatch.setattr(delimited, "_CHUNK_BYTES", 29)
    monkeypatch.setattr(json_lines, "_CHUNK_BYTES", 29)


def rows(path: str, parts: tuple[Span, ...]) -> list[tuple[Any, ...]]:
    made = []
    for span in parts:
        for block in read_file(source_file(path), ("a", "b"), span):
            made += [(row[POSITION], row["a"], row["b"]) for row in block.batch.to_pylist()]
            made += [(position, reason, record) for position, reason, record in block.rejected]
    return sorted(made, key=repr)


CSV = "a,b\n" + "".join(f'{n},"x{n}\n""y"", z"\n' for n in range(60))
FILES = {
    "plain.csv": "a,b\n" + "".join(f"{n},x{n}\n" for n in range(100)),
    "quotes.csv": CSV,
    "returns.csv": CSV.replace("\n", "\r\n"),
    "bom.csv": "\ufeff" + CSV,
    "blank.tsv": "\n\na\tb\n" + "".join(f"{n}\tx\n\n" for n in range(60)),
    "ragged.csv": "a,b\n" + "".join(f"{n},x{n}{',' * (n % 7 == 3)}\n" for n in range(100)),
    "no-end.csv": "a,b\n" + "".join(f"{n},x{n}\n" for n in range(50)) + "last,line",
    "lines.jsonl": "".join(f'{{"a": {n}, "b": "x"}}\n' for n in range(80)),
}


@pytest.mark.parametrize("name", FILES)
def test_spans_together_give_the_whole_file(name: str, make_file: Make) -> None:
    path = make_file(name, FILES[name])
    found = look_at(source_file(path))
    data = Path(path).read_bytes()
    assert (found.bytes, found.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert len(found.spans) > 3
    assert found.spans[0].start == 0
    assert found.spans[-1].stop is None
    assert [span.stop for span in found.spans[:-1]] == [span.start for span in found.spans[1:]]
    assert rows(path, found.spans) == rows(path, (Span(),))


def test_row_groups_of_parquet(make_file: Make) -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": np.arange(100), "b": ["x"] * 100}), buffer, row_group_size=7)
    path = make_file("x.parquet", buffer.getvalue())
    found = look_at(source_file(path))
    assert len(found.spans) > 3
    assert rows(path, found.spans) == rows(path, (Span(),))


@pytest.mark.parametrize("part", [0, -1])
def test_bytes_that_change_between_are_noticed(part: int, make_file: Make) -> None:
    path = make_file("x.csv", FILES["plain.csv"])
    found = look_at(source_file(path))
    data = bytearray(Path(path).read_bytes())
    data[20 if part == 0 else -3] ^= 1
    Path(path).write_bytes(data)
    with pytest.raises(InputError, match=r"x\.csv: changed while it was read"):
        rows(path, (found.spans[part],))


def test_a_quote_that_is_never_closed_is_left_to_the_reader(make_file: Make) -> None:
    path = make_file("x.csv", "a,b\n" + "1,2\n" * 50 + '1,"2\n' + "1,2\n" * 50)
    with pytest.raises(InputError, match=r"x\.csv:52: a quote is opened and never closed"):
        rows(path, look_at(source_file(path)).spans)


def test_a_key_that_no_span_of_a_json_file_has_is_told_with_each(make_file: Make) -> None:
    path = make_file("x.jsonl", "".join(f'{{"a": {n}}}\n' for n in range(80)))
    for span in look_at(source_file(path)).spans:
        last = list(read_file(source_file(path), ("a", "b"), span))[-1]
        assert last.unseen == ("b",)
