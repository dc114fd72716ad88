"""Files are whole or not there, and JSON holds no NaN."""

import os
from pathlib import Path

import numpy as np
import pytest

from gristmill.errors import IntegrityError, WorkError
from gristmill.files import read_json, sha256_file, sync_tree, write_atomic, write_json_atomic


def test_sha256_of_the_empty_file_is_the_known_one(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert sha256_file(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_an_atomic_write_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", b"old")
    write_atomic(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomic(tmp_path / "a", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorkError, match=r"a: No space left on device"):
        write_atomic(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_json_keeps_the_order_of_keys_and_takes_numpy(tmp_path: Path) -> None:
    write_json_atomic(tmp_path / "a.json", {"z": np.float32(0.5), "a": (1, np.arange(2)), "ü": None})
    assert (tmp_path / "a.json").read_text("utf-8").startswith('{\n  "z": 0.5,\n  "a": [')
    assert read_json(tmp_path / "a.json") == {"z": 0.5, "a": [1, [0, 1]], "ü": None}


@pytest.mark.parametrize("value", [float("nan"), np.float32("inf")])
def test_nan_is_refused_by_its_key(tmp_path: Path, value: object) -> None:
    with pytest.raises(WorkError, match=r"m\.json: `test\.model\.auc\[1\]` must be a finite number"):
        write_json_atomic(tmp_path / "m.json", {"test": {"model": {"auc": [0.5, value]}}})
    assert not os.listdir(tmp_path)


def test_what_json_cannot_hold_is_refused_by_its_key(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match=r"`a` must be a JSON value. Received: set"):
        write_json_atomic(tmp_path / "m.json", {"a": {1}})
    with pytest.raises(WorkError, match=r"the keys of `a` must be texts. Received: 1"):
        write_json_atomic(tmp_path / "m.json", {"a": {1: 2}})


def test_json_that_is_cut_or_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text('{"a": ')
    with pytest.raises(IntegrityError, match=r"cut\.json is not JSON"):
        read_json(tmp_path / "cut.json")
    with pytest.raises(IntegrityError, match=r"none\.json is missing"):
        read_json(tmp_path / "none.json")


def test_a_folder_is_synced_after_what_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").touch()
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    sync_tree(tmp_path)
    assert [Path(name).name for name in synced] == ["file", "b", "a", tmp_path.name]
