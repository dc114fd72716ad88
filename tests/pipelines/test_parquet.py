"""Parquet files: typed columns, rows as positions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gristmill.errors import InputError

Make = Callable[[str, bytes | str], str]
Read = Callable[..., tuple[list[tuple[Any, ...]], list[tuple[int, str, bytes]]]]


@pytest.fixture
def table() -> pa.Table:
    return pa.table({"a": ["x", None, "z"], "b": pa.array([1, 2, 3], pa.int32()), "c": [[1.5], [], None]})


def test_columns_keep_their_types(table: pa.Table, tmp_path: Path, read_rows: Read) -> None:
    path = str(tmp_path / "x.parquet")
    pq.write_table(table, path, row_group_size=2)
    assert read_rows(path, "c", "a") == ([(1, [1.5], "x"), (2, [], None), (3, None, "z")], [])


def test_a_field_of_a_struct_is_named_with_a_dot(tmp_path: Path, read_rows: Read) -> None:
    path = str(tmp_path / "x.parquet")
    pq.write_table(pa.table({"t": [{"en": "x", "es": 1}, None, {"en": None, "es": 2}], "t.es": ["a", "b", "c"]}), path)
    assert read_rows(path, "t.en") == ([(1, "x"), (2, None), (3, None)], [])
    with pytest.raises(InputError, match=r"unknown column 't\.fr'"):
        read_rows(path, "t.fr")


def test_a_text_that_is_not_utf8_costs_its_row_only(tmp_path: Path, read_rows: Read) -> None:
    raw = pa.array([b"ok", b"\xff\xfe", None])
    text = pa.Array.from_buffers(pa.string(), 3, raw.buffers(), raw.null_count)
    path = str(tmp_path / "x.parquet")
    pq.write_table(pa.table({"a": text, "b": [1, 2, 3]}), path)
    rows, rejected = read_rows(path, "a", "b")
    assert rows == [(1, "ok", 1), (3, None, 3)]
    assert [(position, record) for position, _, record in rejected] == [(2, b"\xff\xfe")]
    assert "UTF8" in rejected[0][1]


@pytest.mark.parametrize("harm", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"no Parquet"])
def test_a_harmed_file_is_named(
    harm: Callable[[bytes], bytes], table: pa.Table, tmp_path: Path, read_rows: Read
) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(table, path)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(InputError, match=r"x\.parquet: cut, damaged or no Parquet file"):
        read_rows(str(path), "a")


def test_a_flipped_byte_in_a_page_with_checksum_is_noticed(tmp_path: Path, read_rows: Read) -> None:
    path = tmp_path / "x.parquet"
    values = pa.table({"a": [f"value {i}" for i in range(100)]})
    pq.write_table(values, path, write_page_checksum=True, compression="none", use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[data.index(b"value 50")] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"x\.parquet.*"):
        read_rows(str(path), "a")


def test_a_missing_or_doubled_column_is_named(table: pa.Table, tmp_path: Path, read_rows: Read) -> None:
    path = str(tmp_path / "x.parquet")
    pq.write_table(table, path)
    with pytest.raises(InputError, match="unknown column 'd'; known: 'a', 'b', 'c'"):
        read_rows(path, "a", "d")
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), path)
    with pytest.raises(InputError, match="column 'a' stands twice"):
        read_rows(path, "a")
