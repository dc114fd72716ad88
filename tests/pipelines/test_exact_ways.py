"""A file gives the same records and the same rejected ones however it is read: by the block, singly, whole or in spans."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gristmill.errors import InputError
from gristmill.schema import Schema
from pipelines import spans
from pipelines.check import check, column_types
from pipelines.readers import delimited, json_lines, read_file, records
from pipelines.sources import WHOLE, SourceFile, source_file
from pipelines.spans import look_at

SCHEMA = Schema.model_validate(
    {
        "features": [
            {"name": "id", "kind": "id"},
            {"name": "key", "kind": "category", "dtype": "int64", "missing": "keep"},
            {"name": "whole", "kind": "number", "dtype": "int64", "missing": "keep"},
            {"name": "number", "kind": "number", "missing": "keep"},
            {"name": "time", "kind": "time", "missing": "keep"},
            {"name": "list", "kind": "sequence", "dtype": "int64", "missing": "keep"},
        ]
    }
)
ODD = "1 -2 3.5 1e3 1e0003 nan inf 0x1 007 -0 1e39 x ١ 1_0 NULL é 9223372036854775808 2000-01-02 \x00 \ufeff \x0b \xa01"
BLANK_OR_QUOTED = ["", " 4 ", "a b", '""', '"5"', '"q, ""z"""', 'b"c', "0" * 30 + "1"]
VALUES = '1 -2 3.5 1e3 1e0003 1e39 -0 01 +1 1. 9223372036854775808 NaN -Infinity null true "5" "x" "é" "" "}{" '
VALUES += r'[1] [] [1,null] [[1]] {} "\u00e9" "\ud800" "\u0000"'
NUMBERS = st.from_regex(
    r"[ +-]?[0-9]{0,20}\.?[0-9]{0,3}([eE][+-]?[0-9]{1,4})?[ \t]?", fullmatch=True, alphabet=st.characters(codec="ascii")
)
CELL = (
    st.sampled_from([*ODD.split(" "), *BLANK_OR_QUOTED])
    | NUMBERS
    | st.text(st.sampled_from('ab1 ,"é\r\n\t{}[]:\\'), max_size=5)
)
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", "\r"])
JSON = st.sampled_from(VALUES.split())
HARM = st.lists(
    st.tuples(
        st.integers(0, 10**6),
        st.sampled_from([b"", b"\n", b"\r", b'"', b",", b"\xff", b"\0", b"{", b"}", b"\n\n", b"\xef\xbb\xbf"]),
    ),
    max_size=3,
)
Ends = tuple[list[str], list[tuple[int, str, bytes]]] | str


def ends(path: Path, typed: bool, in_spans: bool) -> Ends:
    """All good records and all rejected ones, or the error.

    Whether a rule's words name NUL depends on the records read together; that is passed over.
    """
    source: SourceFile = source_file(str(path))
    types = column_types(SCHEMA, source.format) if typed else None
    good, bad = list[str](), list[tuple[int, str, bytes]]()
    try:
        for span in look_at(source).spans if in_spans else (WHOLE,):
            for block in read_file(source, SCHEMA.names, span, types):
                checked = check(block, SCHEMA)
                good += map(repr, checked.batch.to_pylist())
                bad += [(place, why.replace(" without NUL", ""), raw) for place, why, raw in checked.rejected]
    except InputError as error:
        return str(error)
    return sorted(good), sorted(bad)


def harmed(data: bytes, harm: list[tuple[int, bytes]]) -> bytes:
    for place, put in harm:
        place %= len(data) + 1
        data = data[:place] + put + data[place + (not put) :]
    return data


def assert_one_end(path: Path, size: int) -> None:
    by_block = ends(path, True, False)
    assert ends(path, False, False) == by_block
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (delimited, "_CHUNK_BYTES"),
            (json_lines, "_CHUNK_BYTES"),
            (delimited, "_HEADER_BYTES"),
            (spans, "_CHUNK_BYTES"),
        ):
            patch.setattr(module, name, max(3, size))
        patch.setattr(spans, "SPAN_BYTES", 3 * size)
        for typed in (True, False):
            found = ends(path, typed, True)
            assert found == by_block or (isinstance(found, str) and isinstance(by_block, str))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ways")


COMMON: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}


@settings(max_examples=60, **COMMON)
@given(
    rows=st.lists(st.tuples(st.lists(CELL, min_size=6, max_size=6), st.integers(0, 30), ENDS), min_size=1, max_size=12),
    harm=HARM,
    size=st.integers(1, 60),
    ending=st.sampled_from(["csv", "tsv"]),
)
def test_rows(
    rows: list[tuple[list[str], int, str]], harm: list[tuple[int, bytes]], size: int, ending: str, folder: Path
) -> None:
    join = "," if ending == "csv" else "\t"
    body = "".join(join.join(cells[: 5 if short == 30 else 6]) + end for cells, short, end in rows)
    path = folder / f"x.{ending}"
    path.write_bytes(join.join(SCHEMA.names).encode() + b"\n" + harmed(body.encode(), harm))
    assert_one_end(path, size)


@settings(max_examples=60, **COMMON)
@given(
    rows=st.lists(
        st.tuples(st.permutations(SCHEMA.names), st.lists(JSON, min_size=6, max_size=6), st.integers(4, 7), ENDS),
        min_size=1,
        max_size=12,
    ),
    harm=HARM,
    size=st.integers(1, 60),
)
def test_objects(
    rows: list[tuple[list[str], list[str], int, str]], harm: list[tuple[int, bytes]], size: int, folder: Path
) -> None:
    texts = []
    for names, values, count, end in rows:
        pairs = [f"{json.dumps(name)}: {value}" for name, value in zip(names, values, strict=True)]
        texts.append("{" + ", ".join((pairs + pairs[:1])[:count]) + "}" + end)
    path = folder / "x.jsonl"
    body = "".join(texts).encode()
    whole = "{" + ", ".join(f'"{name}": null' for name in SCHEMA.names) + "}\n"
    path.write_bytes(harmed(body, harm).rstrip(b"\n") + b"\n" + whole.encode())
    assert_one_end(path, size)


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_a_file_that_the_disk_does_not_give_is_named(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{ending}"
    for harm, words in (
        (lambda: os.symlink("/proc/self/mem", path), "Input/output error|cut, damaged"),
        (path.mkdir, "Is a directory"),
    ):
        harm()
        with pytest.raises(InputError, match=rf"x\.{ending}.*({words})"):
            list(read_file(source_file(str(path)), ("a",), look_at(source_file(str(path))).spans[0]))
        path.unlink() if path.is_symlink() else path.rmdir()
    with pytest.raises(InputError, match=rf"x\.{ending}: cannot be read: No such file"):
        look_at(source_file(str(path)))


@pytest.mark.parametrize(("name", "line"), [("x.csv", "1,"), ("x.tsv", "1\t"), ("x.jsonl", '{"a": 1, "b": ')])
def test_a_record_without_end_is_named_with_its_line(
    name: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MAXIMUM_RECORD_BYTES", 1000)
    for module in (delimited, json_lines):
        monkeypatch.setattr(module, "_CHUNK_BYTES", 100)
    path = tmp_path / name
    head = "a,b\n1,2\n" if name == "x.csv" else "a\tb\n1\t2\n" if name == "x.tsv" else '{"a": 1, "b": 2}\n' * 2
    path.write_text(head + line + "9" * 5000 + "\n" + head)
    with pytest.raises(InputError, match=rf"{path}:3: a record must be at most 1000 bytes"):
        list(read_file(source_file(str(path)), ("a", "b"), look_at(source_file(str(path))).spans[0]))
