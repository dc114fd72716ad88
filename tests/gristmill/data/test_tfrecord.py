"""TFRecord files that TensorFlow reads, and whose harm is noticed wherever it is."""

import gzip
import struct
from pathlib import Path

import pytest

from gristmill.data.tfrecord import read_tfrecord, write_tfrecord
from gristmill.errors import IntegrityError
from gristmill.files import sha256_file

RECORDS = [b"", b"one", b"x" * 1000, bytes(range(256))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_tfrecord(tmp_path / "a.tfrecord.gz", RECORDS)
    return tmp_path / "a.tfrecord.gz"


def test_records_come_back_and_the_entry_tells_of_them(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord.gz"
    entry = write_tfrecord(path, iter(RECORDS))
    assert list(read_tfrecord(path)) == RECORDS
    assert (entry.name, entry.records, entry.bytes) == (path.name, 4, path.stat().st_size)
    assert entry.sha256 == sha256_file(path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_equal_records_make_equal_files(path: Path, tmp_path: Path) -> None:
    assert write_tfrecord(tmp_path / "b.tfrecord.gz", RECORDS).sha256 == sha256_file(path)


def test_tensorflow_reads_them(path: Path) -> None:
    import tensorflow as tf

    dataset = tf.data.TFRecordDataset(str(path), compression_type="GZIP")
    assert [record.numpy() for record in dataset] == RECORDS


def test_no_records_are_a_file_too(tmp_path: Path) -> None:
    assert write_tfrecord(tmp_path / "a", []).records == 0
    assert list(read_tfrecord(tmp_path / "a")) == []


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def records() -> object:
        yield b"one"
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        write_tfrecord(tmp_path / "a", records())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_file_cut_anywhere_is_noticed(path: Path) -> None:
    whole = path.read_bytes()
    for size in [*range(0, len(whole), 7), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(IntegrityError, match=r"a\.tfrecord\.gz: "):
            list(read_tfrecord(path))


def test_a_stream_that_ends_between_records_without_its_end_is_noticed(path: Path) -> None:
    with gzip.open(path) as file:
        first = file.read(16 + 16 + 3)
    packed = gzip.compress(first)
    path.write_bytes(packed[:-8])
    with pytest.raises(IntegrityError, match=r"cut or damaged after \d records"):
        list(read_tfrecord(path))


def test_a_flipped_bit_never_changes_a_record(path: Path) -> None:
    whole, noticed = path.read_bytes(), 0
    for place in range(0, len(whole), 3):
        harmed = bytearray(whole)
        harmed[place] ^= 0x10
        path.write_bytes(harmed)
        try:
            assert list(read_tfrecord(path)) == RECORDS  # the gzip header's time, and bits that fill a byte
        except IntegrityError:
            noticed += 1
    assert noticed > len(whole) // 3 - 10


def test_a_wrong_checksum_inside_a_good_stream_is_noticed(path: Path) -> None:
    with gzip.open(path) as file:
        content = bytearray(file.read())
    for place in (1, 9, 16 + 12, 16 + 12 + 4):
        harmed = bytearray(content)
        harmed[place] ^= 1
        path.write_bytes(gzip.compress(harmed))
        with pytest.raises(IntegrityError, match=r"record [01] is cut or its checksum does not match"):
            list(read_tfrecord(path))
    path.write_bytes(gzip.compress(struct.pack("<Q", 1 << 60) + b"\0" * 4))
    with pytest.raises(IntegrityError, match="record 0 is cut"):
        list(read_tfrecord(path))
    with pytest.raises(IntegrityError, match="No such file"):
        list(read_tfrecord(path.with_name("none")))
