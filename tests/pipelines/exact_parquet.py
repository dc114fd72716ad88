"""Harm to Parquet files: values, columns, pages and footers."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.pipelines.exact_cases import AT, Case, Record, base_records

TYPES = pa.schema(
    {
        "user": pa.string(),
        "item": pa.int32(),
        "rating": pa.float64(),
        "weight": pa.float32(),
        "count": pa.int64(),
        "time": pa.timestamp("s"),
        "note": pa.string(),
        "tags": pa.list_(pa.string()),
    }
)
FILE = "x.parquet"
HARMED = f"{FILE}: (cut, damaged or no Parquet file|damaged)"
NUMBER = "must be a finite number"


def table(records: list[Record] | None = None) -> pa.Table:
    """The records as typed columns."""
    return pa.Table.from_pylist(records if records is not None else base_records(), TYPES)


def written(of: pa.Table, **how: Any) -> bytes:
    """The bytes of a file of it, in row groups of four rows."""
    sink = io.BytesIO()
    pq.write_table(of, sink, **({"row_group_size": 4, "write_page_checksum": True} | how))
    return sink.getvalue()


def table_case(name: str, of: pa.Table | None = None, bad: dict[int, str] | None = None, **how: Any) -> Case:
    """A file of which the rows named in `bad` must be set aside, and the others written as they are."""
    good = {n + 1: record for n, record in enumerate(base_records()) if n not in (bad or {})}
    aside = {n + 1: (reason, b"") for n, reason in (bad or {}).items()}
    return Case(f"parquet: {name}", FILE, written(of if of is not None else table(), **how), good, aside)


def _with(column: str, array: pa.Array) -> pa.Table:
    made = table()
    return made.set_column(made.column_names.index(column), column, array)


def _one(column: str, value: Any, kind: pa.DataType | None = None) -> pa.Table:
    values = table().column(column).combine_chunks()
    values = values.cast(kind, safe=False) if kind is not None else values
    changed = values.to_pylist()
    changed[AT] = value
    return _with(column, pa.array(changed, values.type))


def _bad_utf8() -> pa.Array:
    texts = [(record["note"] or "").encode() for record in base_records()]
    valid = [record["note"] is not None for record in base_records()]
    texts[AT] = b"\xff"
    raw = pa.array([text if good else None for text, good in zip(texts, valid, strict=True)], pa.binary())
    return pa.Array.from_buffers(pa.string(), len(raw), raw.buffers(), raw.null_count)


def values() -> Iterator[Case]:
    """A value that breaks a rule, and columns of other types."""
    for name, of, reason in (
        ("NaN", _one("weight", float("nan")), f"`weight` {NUMBER}"),
        ("infinity", _one("weight", float("-inf")), f"`weight` {NUMBER}"),
        ("a number beyond 32 bits", _one("weight", 1e39, pa.float64()), f"`weight` {NUMBER}"),
        ("a number out of range", _one("rating", 5.5), "at most 5"),
        ("a missing id", _one("user", None), "`user` must be a non-empty id"),
        ("a blank id", _one("user", " "), "`user` must be a non-empty id"),
        ("NUL in an id", _one("user", "u\0"), "`user` must be a non-empty id without NUL"),
        ("bad UTF-8", _with("note", _bad_utf8()), "Invalid UTF8 sequence"),
        ("null in a list", _one("tags", ["a", None]), "`tags` must be a list whose every element is text"),
        ("a whole number beyond 64 bits", _one("count", 2**63, pa.uint64()), "`count` must be a whole number"),
        ("a fraction for a whole number", _one("count", 1.5, pa.float64()), "`count` must be a whole number"),
        ("a year beyond 9999", _one("time", 10**15, pa.int64()), "`time` must be a time"),
        ("a word in a column of texts for numbers", _one("rating", "x", pa.string()), f"`rating` {NUMBER}"),
    ):
        yield table_case(name, of, {AT: reason})
    for name, of in (
        ("times in nanoseconds", _with("time", table().column("time").cast(pa.timestamp("ns", tz="UTC")))),
        ("times as numbers", _with("time", table().column("time").cast(pa.int64()))),
        ("numbers as texts", _with("rating", table().column("rating").cast(pa.string()))),
        ("numbers as decimals", _with("rating", table().column("rating").cast(pa.decimal128(9, 3)))),
        ("texts as a dictionary", _with("user", table().column("user").dictionary_encode())),
        ("large texts and lists", _with("tags", table().column("tags").cast(pa.large_list(pa.large_string())))),
        ("one more column", table().append_column("more", pa.array(range(12)))),
        ("columns in another order", table().select(TYPES.names[::-1])),
    ):
        yield table_case(name, of)
    words = pa.array(["many"] * 12)
    yield table_case(
        "a column of words for numbers", _with("rating", words), dict.fromkeys(range(12), f"`rating` {NUMBER}")
    )
    nested = pa.array([{"x": 1}] * 12)
    yield table_case("a column of structs", _with("note", nested), dict.fromkeys(range(12), "`note` must be text"))


def columns() -> Iterator[Case]:
    """Columns that are missing, renamed or twice, and files without rows."""
    yield table_case("a missing column", table().drop_columns(["time"])).fails(f"{FILE}: unknown column 'time'")
    renamed = table().rename_columns(["rated" if name == "rating" else name for name in TYPES.names])
    yield table_case("a renamed column", renamed).fails(f"{FILE}: unknown column 'rating'; did you mean 'rated'")
    twice = pa.Table.from_arrays([*table().columns, table().column("note")], [*TYPES.names, "note"])
    yield table_case("a column twice", twice).fails(f"{FILE}: column 'note' stands twice")
    yield replace(table_case("no row", table([])), written={})
    yield Case("parquet: no row group", FILE, _no_group())
    yield table_case("one row group", row_group_size=99)


def _no_group() -> bytes:
    sink = io.BytesIO()
    pq.ParquetWriter(sink, TYPES).close()
    return sink.getvalue()


def files() -> Iterator[Case]:
    """Files that are cut, flipped, or no Parquet; a flip in a page is told by its checksum."""
    whole = table_case("", compression="none", use_dictionary=False, write_statistics=False)
    data = whole.content
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    for size in (0, 3, 8, footer // 2, footer, len(data) - 9, len(data) - 1):
        yield whole.fails(HARMED, f"parquet: cut after {size} bytes", content=data[:size])
    for text in (b"note 1", b"note 5", b"note 9", b"b10"):
        yield _flipped(whole, data.index(text), f"the page with {text.decode()}")
    for value in (1 + 5 % 9 / 2, 1 + 10 % 9 / 2):
        yield _flipped(whole, data.index(np.float64(value).tobytes()), f"the page with {value}")
    packed = table_case("", compression="zstd")
    for share in (0.2, 0.4, 0.6, 0.8):
        end = len(packed.content) - 8 - int.from_bytes(packed.content[-8:-4], "little")
        yield _flipped(packed, int(share * end), f"{share:.0%} of zstd pages")
    yield whole.fails(HARMED, "parquet: other magic bytes", content=data[:-1] + b"X")
    yield whole.fails(HARMED, "parquet: text", content=b"user,item\n1,2\n")
    yield whole.fails(HARMED, "parquet: something behind the footer", content=data + b"\n")
    for name, place in (("file", data.index(b"\x16\x18", footer)), ("row group", data.rindex(b"\x16\x08"))):
        changed = data[: place + 1] + bytes([data[place + 1] - 2]) + data[place + 2 :]
        yield whole.fails(HARMED, f"parquet: a row less in the footer's count of the {name}", content=changed)


def _flipped(whole: Case, place: int, name: str) -> Case:
    data = whole.content
    return whole.fails(
        HARMED, f"parquet: a bit flipped, {name}", content=data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    )
