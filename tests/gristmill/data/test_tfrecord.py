"""Shards that TensorFlow reads, and whose harm is noticed wherever it is."""

import gzip
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gristmill.data.codec import encode
from gristmill.data.plan import Layout
from gristmill.data.tfrecord import read_shard, read_tfrecord, write_shard
from gristmill.errors import IntegrityError, WorkError
from gristmill.files import sha256_file

TABLE = pa.table({"text": ["one", None, "x" * 300, "é"], "whole": [1, 2, None, -4]})
LAYOUTS = [
    Layout(kind=kind, rows=2, compression=compression)  # type: ignore[arg-type]
    for kind in ("plain", "packed")
    for compression in ("gzip", "none")
]


@pytest.fixture(params=LAYOUTS, ids=lambda layout: f"{layout.kind}-{layout.compression}")
def layout(request: pytest.FixtureRequest) -> Layout:
    made: Layout = request.param
    return made


@pytest.fixture
def path(tmp_path: Path, layout: Layout) -> Path:
    write_shard(tmp_path / f"a{layout.suffix}", TABLE, layout)
    return tmp_path / f"a{layout.suffix}"


def read(path: Path, layout: Layout, records: int | None = 4) -> pa.Table:
    return pa.concat_tables([TABLE.schema.empty_table(), *read_shard(path, TABLE.schema, layout, records)])


def test_rows_come_back_and_the_entry_tells_of_them(tmp_path: Path, layout: Layout) -> None:
    entry = write_shard(tmp_path / "a", TABLE, layout)
    assert read(tmp_path / "a", layout).equals(TABLE)
    assert (entry.name, entry.records, entry.bytes) == ("a", 4, (tmp_path / "a").stat().st_size)
    assert entry.sha256 == sha256_file(tmp_path / "a")
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
    assert write_shard(tmp_path / "b", TABLE, layout).sha256 == entry.sha256


def test_an_order_is_a_choice_of_rows(tmp_path: Path, layout: Layout) -> None:
    entry = write_shard(tmp_path / "a", TABLE, layout, np.array([3, 1, 0]))
    assert entry.records == 3
    assert read(tmp_path / "a", layout, 3).column("whole").to_pylist() == [-4, 2, 1]


def test_tensorflow_reads_them(path: Path, layout: Layout) -> None:
    import tensorflow as tf

    dataset = tf.data.TFRecordDataset(str(path), compression_type="GZIP" if layout.compression == "gzip" else "")
    assert [record.numpy() for record in dataset] == list(read_tfrecord(path))


def test_no_rows_are_a_shard_too(tmp_path: Path, layout: Layout) -> None:
    assert write_shard(tmp_path / "a", TABLE.slice(0, 0), layout).records == 0
    assert read(tmp_path / "a", layout, 0).num_rows == 0
    with pytest.raises(IntegrityError, match=r"a: must have 4 records\. Received: 0"):
        read(tmp_path / "a", layout)


def test_a_shard_is_read_in_parts_and_from_any_row_on(tmp_path: Path, layout: Layout) -> None:
    whole = pa.concat_tables([TABLE] * 5).combine_chunks()
    write_shard(tmp_path / "a", whole, layout)
    for skip in range(20):
        parts = list(read_shard(tmp_path / "a", TABLE.schema, layout, 20, skip=skip, chunk_bytes=64))
        assert len(parts) > 5
        assert pa.concat_tables(parts).combine_chunks().equals(whole.slice(skip).combine_chunks())


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path, layout: Layout) -> None:
    with pytest.raises(WorkError, match=r"cannot write .*none/a: No such file"):
        write_shard(tmp_path / "none" / "a", TABLE, layout)
    with pytest.raises(Exception, match="odd"):
        write_shard(tmp_path / "a", pa.table({"odd": [True]}), layout)
    assert list(tmp_path.iterdir()) == []


def test_a_file_cut_at_any_byte_is_noticed(path: Path, layout: Layout) -> None:
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(IntegrityError, match=f"^{path}: "):
            read(path, layout)


def test_a_flipped_bit_never_changes_a_row(path: Path, layout: Layout) -> None:
    whole, unnoticed = path.read_bytes(), 0
    for bit in range(8 * len(whole)):
        harmed = bytearray(whole)
        harmed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(harmed)
        with suppress(IntegrityError):
            assert read(path, layout).equals(TABLE)
            unnoticed += 1
    # Of gzip's header: time, flags, system; and bits that fill its last byte.
    assert unnoticed < 100 if layout.compression == "gzip" else unnoticed == 0


def test_gzip_is_not_needed_to_notice_a_harmed_record(tmp_path: Path) -> None:
    path, layout, content = tmp_path / "a.tfrecord.gz", Layout(), encode(TABLE, Layout())
    for place in (1, 9, 40, len(content) - 1):
        harmed = content.copy()
        harmed[place] ^= 1
        path.write_bytes(gzip.compress(harmed.tobytes()))
        with pytest.raises(IntegrityError, match=r"a\.tfrecord\.gz: record [03] is cut or its checksum does not match"):
            read(path, layout)
    for wrong in (struct.pack("<Q", 1 << 60) + b"\0" * 4, bytes(content[:-1]), b"\0" * 5):
        path.write_bytes(gzip.compress(wrong))
        with pytest.raises(IntegrityError, match=r"record [03] is cut"):
            read(path, layout)
    with pytest.raises(IntegrityError, match="No such file"):
        read(path.with_name("none"), layout)


def test_a_record_that_is_no_example_is_named_with_its_file(tmp_path: Path, layout: Layout) -> None:
    write_shard(tmp_path / "a", pa.table({"text": ["x"], "whole": ["y"]}), layout)
    with pytest.raises(IntegrityError, match=r"a: record 0 is not a tf\.train\.Example of this schema"):
        read(tmp_path / "a", layout)
