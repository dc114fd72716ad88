"""Which files paths and globs name, their formats, and gzip streams that are cut or changed."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gristmill.errors import InputError
from pipelines.peek import peek
from pipelines.sources import expand_paths, read_chunks, source_file

Make = Callable[[str, bytes | str], str]
Read = Callable[..., tuple[list[tuple[Any, ...]], list[tuple[int, str, bytes]]]]


def test_paths_and_globs_give_each_file_once(make_file: Make, tmp_path: Path) -> None:
    b, a = make_file("b.csv", ""), make_file("a.csv", "")
    (tmp_path / "sub").mkdir()
    again = str(tmp_path / "sub" / ".." / "a.csv")
    assert expand_paths([b, str(tmp_path / "*.csv"), again]) == [a, b]
    odd = make_file("[1].csv", "")
    assert expand_paths([odd]) == [odd]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        expand_paths([tmp_path / "none.csv"])
    with pytest.raises(InputError, match="Received: a folder"):
        expand_paths([tmp_path])
    with pytest.raises(InputError, match="a regular file is needed"):
        expand_paths([tmp_path / "pipe.csv"])


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.csv", "csv"), ("a.b.TSV", "tsv"), ("a.jsonl.gz", "jsonl"), ("a.json", "jsonl"), ("a.pq", "parquet"), ("x.inter", "tsv")],
)  # fmt: skip
def test_the_name_tells_the_format(name: str, format: str) -> None:  # noqa: A002
    assert source_file(name).format == format


@pytest.mark.parametrize("name", ["a", "a.txt", "a.gz", "a.parquet.gz"])
def test_an_unknown_ending_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="the name must end in one of"):
        source_file(name)


def test_gzip_is_told_by_its_first_bytes(make_file: Make, read_rows: Read) -> None:
    text = b"a\n1\n2\n"
    assert read_rows(make_file("x.csv", gzip.compress(text)), "a")[0] == [(2, "1"), (3, "2")]
    assert read_rows(make_file("x.csv.gz", text), "a")[0] == [(2, "1"), (3, "2")]
    two = gzip.compress(text) + gzip.compress(b"3\n")
    assert read_rows(make_file("x.csv.gz", two), "a")[0] == [(2, "1"), (3, "2"), (4, "3")]


def test_a_gzip_stream_cut_anywhere_is_noticed(make_file: Make) -> None:
    whole = gzip.compress(os.urandom(500))
    for size in range(3, len(whole)):
        path = make_file("x.csv.gz", whole[:size])
        with pytest.raises(InputError, match=r"x\.csv\.gz: the gzip stream is cut or damaged after"):
            list(read_chunks(path, 1 << 20))


def test_a_flipped_byte_in_a_gzip_stream_never_changes_what_is_read(make_file: Make) -> None:
    noticed = 0
    text = b"".join(b"%d,%d\n" % (i, i * i) for i in range(200))
    whole = gzip.compress(text)
    for place in range(10, len(whole)):
        harmed = bytearray(whole)
        harmed[place] ^= 0x10
        path = make_file("x.csv.gz", bytes(harmed))
        try:
            assert b"".join(read_chunks(path, 1 << 20)) == text  # a bit that only fills the last byte of the stream
        except InputError as error:
            assert "x.csv.gz: the gzip stream is cut or damaged" in str(error)  # noqa: PT017
            noticed += 1
    assert noticed > len(whole) - 20


@pytest.mark.parametrize(
    ("name", "text", "columns", "records"),
    [
        ("x.csv", 'a,b\n1,"x\ny"\n3,4', ["a", "b"], [{"a": "1", "b": "x\ny"}, {"a": "3", "b": "4"}]),
        ("x.csv", "a,b\n1\n3,4\n", ["a", "b"], [{"a": "3", "b": "4"}]),
        ("x.csv", "a,b", ["a", "b"], []),
        ("x.tsv", 'a\tb\n"1\t2\n', ["a", "b"], [{"a": '"1', "b": "2"}]),
        ("x.jsonl", '{"a": 1}\n{\n{"b": [2]}\n', ["a", "b"], [{"a": 1}, {"b": [2]}]),
    ],
)
def test_peek_gives_columns_and_first_records(
    name: str, text: str, columns: list[str], records: list[dict[str, Any]], make_file: Make
) -> None:
    assert peek(make_file(name, text), 10) == (columns, records)


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.csv", b""), ("x.csv", b"\n"), ("x.csv", b"a,b\r1,2\r"), ("x.jsonl", b"[]\n"), ("x.parquet", b"x")],
)
def test_peek_names_a_file_without_records(name: str, content: bytes, make_file: Make) -> None:
    path = make_file(name, content)
    with pytest.raises(InputError) as error:
        peek(path, 10)
    assert str(error.value).startswith(path)
