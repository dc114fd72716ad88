"""CSV and TSV files as records with the line on which each starts; what is no record is set aside."""

import csv
import gzip
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import InputError
from pipelines.readers import delimited, records
from pipelines.sources import POSITION, SourceFile

Make = Callable[[str, bytes | str], str]
Read = Callable[..., tuple[list[tuple[Any, ...]], list[tuple[int, str, bytes]]]]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2\n3,4\n", [(2, "1", "2"), (3, "3", "4")]),
        ("a,b\n1,2\n3,4", [(2, "1", "2"), (3, "3", "4")]),
        ("a,b\r\n1,2\r\n3,4\r\n", [(2, "1", "2"), (3, "3", "4")]),
        ("a,b\r\n1,2\r\n3,4\r", [(2, "1", "2"), (3, "3", "4")]),
        ("\ufeffa,b\n1,2\n", [(2, "1", "2")]),
        ("\n\na,b\n\n1,2\n\n\n3,4\n\n", [(5, "1", "2"), (8, "3", "4")]),
        ('a,b\n"x\ny","p, ""q"""\n3,4\n', [(2, "x\ny", 'p, "q"'), (4, "3", "4")]),
        ('a,b\r\n"x\r\ny",2\r\n3,4\r\n', [(2, "x\r\ny", "2"), (4, "3", "4")]),
        ('a,b\n,""\n', [(2, None, "")]),
        ("b,a,c\n1,2,3\n", [(2, "2", "1")]),
        ('a,b\n5" disk,1\nfoo,2\n6" disk,3\n', [(2, '5" disk', "1"), (3, "foo", "2"), (4, '6" disk', "3")]),
        ('a,b\n"x"y,1\n"x"y"z,2\n', [(2, "xy", "1"), (3, 'xy"z', "2")]),
        ("a,b\nü, é \n", [(2, "ü", " é ")]),
    ],
    ids=[
        "plain", "no final newline", "CRLF", "CR at the end", "BOM", "blank lines", "quotes", "CRLF in quotes",
        "empty cells", "other order", "quote inside a cell", "text after a quote", "not ASCII",
    ],
)  # fmt: skip
def test_records_of_a_csv_file(text: str, rows: list[tuple[Any, ...]], make_file: Make, read_rows: Read) -> None:
    for path in (make_file("x.csv", text), make_file("x.csv.gz", gzip.compress(text.encode()))):
        assert read_rows(path, "a", "b") == (rows, [])


def test_tsv_has_no_quotes(make_file: Make, read_rows: Read) -> None:
    path = make_file("x.tsv", 'a\tb\n"1\t2"\n')
    assert read_rows(path, "a", "b") == ([(2, '"1', '2"')], [])


def test_ragged_rows_are_set_aside_with_their_line(make_file: Make, read_rows: Read) -> None:
    path = make_file("x.csv", 'a,b\n1,2\n3\n"p\nq",5,6\n7,8\n')
    rows, rejected = read_rows(path, "a", "b")
    assert rows == [(2, "1", "2"), (6, "7", "8")]
    assert rejected == [
        (3, "1 cells where the header has 2", b"3"),
        (4, "3 cells where the header has 2", b'"p\nq",5,6'),
    ]


def test_a_row_that_is_not_utf8_is_set_aside(make_file: Make, read_rows: Read) -> None:
    path = make_file("x.csv", b"a,b\n1,2\n\xff\xfe,3\n4,5\n")
    rows, rejected = read_rows(path, "a", "b")
    assert rows == [(2, "1", "2"), (4, "4", "5")]
    assert rejected == [(3, "not UTF-8: byte 0xff at byte 0 of the record", b"\xff\xfe,3")]


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_a_carriage_return_in_a_cell_costs_its_record_only(ending: str, make_file: Make, read_rows: Read) -> None:
    mark = "," if ending == "csv" else "\t"
    path = make_file(f"x.{ending}", "a,b\n1,2\nx\ry,3\n4,5\n".replace(",", mark))
    rows, rejected = read_rows(path, "a", "b")
    assert rows == [(2, "1", "2"), (4, "4", "5")]
    assert rejected == [(3, "a carriage return stands outside quotes", f"x\ry{mark}3".encode())]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty; a header line is needed"),
        (b"\n\n", "the file is empty; a header line is needed"),
        (b"a,c\n1,2\n", "unknown column 'b'; known: 'a', 'c'"),
        (b"a,bb\n1,2\n", "unknown column 'b'; did you mean 'bb'?"),
        (b"a,b,a\n1,2,3\n", ":1: the header names a column twice: 'a'"),
        (b"\xff,b\n1,2\n", ":1: the header is not UTF-8"),
        (b'a,b\n1,"2\n3,4\n', ":2: a quote is opened and never closed"),
        (b"a,b\r1,2\r", ":1: the header cannot be read: new-line character seen in unquoted field"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes, message: str, make_file: Make, read_rows: Read) -> None:
    path = make_file("x.csv", content)
    with pytest.raises(InputError) as error:
        read_rows(path, "a", "b")
    assert str(error.value).startswith(path)
    assert message in str(error.value)


def test_header_only_gives_no_record(make_file: Make, read_rows: Read) -> None:
    assert read_rows(make_file("x.csv", "a,b\n"), "a") == ([], [])
    assert read_rows(make_file("x.csv", "a,b"), "a") == ([], [])


def test_a_record_has_a_longest_length(make_file: Make, read_rows: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAXIMUM_RECORD_BYTES", 64)
    monkeypatch.setattr(delimited, "_CHUNK_BYTES", 16)
    path = make_file("x.csv", 'a,b\n1,2\n"' + "x\n" * 100 + '",2\n')
    with pytest.raises(InputError, match=r"x\.csv:3: a record must be at most 64 bytes.*never closed"):
        read_rows(path, "a", "b")


_CELL = st.text(st.sampled_from('ab ",\n\ré0'), max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(_CELL, _CELL), max_size=8),
    chunk=st.integers(3, 40),
    line_end=st.sampled_from(["\n", "\r\n"]),
    all_quoted=st.booleans(),
)
def test_records_equal_those_of_pythons_csv_module(
    rows: list[tuple[str, str]], chunk: int, line_end: str, all_quoted: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = io.StringIO(newline="")
    returns = any("\r" in cell for row in rows for cell in row)  # csv.writer leaves these without quotes
    quoting = csv.QUOTE_ALL if all_quoted or returns else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator=line_end, quoting=quoting).writerows([("a", "b"), *rows])
    path = tmp_path_factory.getbasetemp() / "generated.csv"
    path.write_bytes(text.getvalue().encode())
    source = SourceFile(str(path), "csv")
    whole = _plain(source)
    assert [[value or "" for value in row[1:]] for row in whole] == list(
        csv.reader(io.StringIO(text.getvalue(), newline=""))
    )[1:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_CHUNK_BYTES", chunk)
        assert _plain(source) == whole


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.sampled_from('a",\n\r'), max_size=40), chunk=st.integers(3, 20))
def test_no_text_loses_a_record_and_chunks_change_nothing(
    text: str, chunk: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "wild.csv"
    path.write_bytes(("a,b\n" + text).encode())
    source = SourceFile(str(path), "csv")
    try:
        whole = _everything(source)
    except InputError:
        return
    for cut in text.replace("\r\n", "\n").split("\n") if '"' not in text else ():
        assert any(cut.strip("\r").encode() in record for record in [*whole.values(), b""])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_CHUNK_BYTES", chunk)
        assert _everything(source) == whole


def _plain(source: SourceFile) -> list[tuple[Any, ...]]:
    made = []
    for block in delimited.read(source, ("a", "b")):
        assert not block.rejected
        made += [(row[POSITION], row["a"], row["b"]) for row in block.batch.to_pylist()]
    return made


def _everything(source: SourceFile) -> dict[int, bytes]:
    """The text of every record, good or not, by its position."""
    found: dict[int, bytes] = {}
    for block in delimited.read(source, ("a", "b")):
        assert block.raw is not None
        for position, text in zip(block.batch.column(POSITION).to_pylist(), block.raw.to_pylist(), strict=True):
            assert position not in found
            found[position] = text
        for position, _, text in block.rejected:
            assert position not in found
            found[position] = text
    return found
