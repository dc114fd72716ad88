"""Assets come back as they went in, or the file is refused."""

import contextlib
import zipfile
from pathlib import Path

import pytest

from gristmill.errors import InputError, IntegrityError, WorkError
from gristmill.lite import attach, read_assets, read_bundle, write_bundle

MODEL = bytes(range(40))
ASSETS = {"vocabulary/city.txt": b"Oslo\nRome\n", "items.txt": b"Alien\n"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "a.tflite", MODEL, ASSETS)
    return tmp_path / "a.tflite"


def test_assets_come_back(path: Path) -> None:
    assert read_bundle(path) == (MODEL, ASSETS)
    assert read_assets(path) == ASSETS
    assert path.read_bytes().startswith(MODEL)
    assert zipfile.ZipFile(path).testzip() is None


def test_equal_input_gives_equal_bytes(path: Path, tmp_path: Path) -> None:
    write_bundle(tmp_path / "b.tflite", MODEL, dict(reversed(ASSETS.items())))
    assert (tmp_path / "b.tflite").read_bytes() == path.read_bytes()


def test_attach_replaces_what_was_there(path: Path) -> None:
    attach(path, {"new.txt": b"1"})
    assert read_bundle(path) == (MODEL, {"new.txt": b"1"})
    attach(path, {})
    assert read_bundle(path) == (MODEL, {})
    assert [file.name for file in path.parent.iterdir()] == ["a.tflite"]


def test_a_plain_file_has_no_assets(tmp_path: Path) -> None:
    (tmp_path / "plain.tflite").write_bytes(MODEL)
    assert read_bundle(tmp_path / "plain.tflite") == (MODEL, {})


def test_a_file_bundled_by_others_is_read(tmp_path: Path) -> None:
    (tmp_path / "other.tflite").write_bytes(MODEL)
    with zipfile.ZipFile(tmp_path / "other.tflite", "a") as archive:
        archive.writestr("labels.txt", "cat\ndog\n")
    assert read_bundle(tmp_path / "other.tflite") == (MODEL, {"labels.txt": b"cat\ndog\n"})


def test_no_changed_byte_goes_unseen(path: Path) -> None:
    whole = path.read_bytes()
    for index in range(len(whole)):
        path.write_bytes(whole[:index] + bytes([whole[index] ^ 0xFF]) + whole[index + 1 :])
        with contextlib.suppress(IntegrityError):
            assert read_bundle(path) == (MODEL, ASSETS), f"byte {index}"


def test_a_file_cut_in_its_assets_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(len(MODEL) + 14, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(IntegrityError, match=r"a\.tflite is (cut|damaged)"):
            read_bundle(path)


@pytest.mark.parametrize("name", ["", ".", "/etc/passwd", "//etc/passwd", "../up.txt", "a/../../b", "a//b", "folder/"])
def test_names_must_be_plain_relative_paths(path: Path, name: str) -> None:
    with pytest.raises(InputError, match="plain relative path"):
        attach(path, {name: b""})
    assert read_assets(path) == ASSETS


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"none\.tflite cannot be read"):
        read_assets(tmp_path / "none.tflite")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match=r"cannot write .*a\.tflite: No such file or directory"):
        write_bundle(tmp_path / "none" / "a.tflite", MODEL, {})
