"""Before the pipeline runs: which files there are, what of the dataset is there already, and the work folder."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gristmill.data.manifest import MANIFEST, FileEntry, Manifest, SourceReport
from gristmill.data.plan import IngestPlan, TimeSplit
from gristmill.errors import InputError, IntegrityError
from gristmill.staging import drop, hold, partial_path, place, settle, swap, tidy
from pipelines.limit import NO_LIMIT, Limit
from pipelines.sources import SourceFile, expand_paths, source_file
from pipelines.spans import LookedAt, look_at

__all__ = ["Origin", "Prepared", "PreparedFile", "prepare"]

_SHARD_BYTES = 16 << 20
"""Source bytes for which a shard is written, in data sets of up to `_MOST_SHARDS` of them."""
_MOST_SHARDS = 256
_BASE_BYTES = 600 << 20
"""Memory of a process that holds no records."""
_COPIES = 16
"""Bytes of memory for a byte of source, at the peak of arranging and encoding a partition of twice the mean size."""


@dataclass(frozen=True)
class PreparedFile:
    """A source file as it was found."""

    file: SourceFile
    source: int
    """Index of its source in the plan."""
    found: LookedAt

    @property
    def identity(self) -> tuple[str, str, str]:
        """What tells a file that was ingested already: its path and contents."""
        return str(self.source), self.file.path, self.found.sha256


@dataclass(frozen=True)
class Origin:
    """Where derived records come from: the files that the user named, and what became of their records."""

    files: tuple[PreparedFile, ...]
    sources: tuple[SourceReport, ...]
    quarantine: tuple[FileEntry, ...]
    reports: dict[str, FileEntry]
    assets: dict[str, FileEntry]


@dataclass(frozen=True)
class Prepared:
    """All that the stages of a pipeline need to know; it goes to every worker."""

    plan: IngestPlan
    files: tuple[PreparedFile, ...]
    """The files to read; their indices go on after those of `base`."""
    shards: int
    fingerprint: str
    options_fingerprint: str
    out: Path
    work: Path
    """Folder in which the dataset is put together."""
    limit: Limit = NO_LIMIT
    existing: Manifest | None = None
    """The dataset at `out`, where it is what this plan would write."""
    base: Manifest | None = None
    """The dataset at `out`, where it holds some of the files already and the others are added to it."""
    note: str = ""
    """What to tell the user about what is done again and why."""
    origin: Origin | None = None
    """Where the records of `files` come from, where they are derived."""

    def file(self, index: int) -> PreparedFile:
        """The file of an index."""
        return self.files[index - self.files[0].file.index]

    @property
    def paths(self) -> list[str]:
        """Path of every file, by its index."""
        known = [source.path for source in self.base.sources] if self.base else []
        return known + [prepared.file.path for prepared in self.files]

    @property
    def generation(self) -> int:
        """How often files were added to the dataset."""
        return self.base.generation + 1 if self.base else 0

    @property
    def rearranges(self) -> bool:
        """Whether the records of `base` are arranged anew with the added ones, as a split by time needs it."""
        return self.base is not None and isinstance(self.plan.split, TimeSplit)

    @property
    def stays(self) -> Manifest | None:
        """The dataset whose shards stay as they are, beside new ones for what is added."""
        return None if self.rearranges else self.base


@contextmanager
def prepare(plan: IngestPlan, out: Path, limit: Limit = NO_LIMIT) -> Iterator[Prepared]:
    """Looks at the sources and holds the work folder; when the body ends well, the work folder becomes `out`.

    Where `out` is what the plan would write already, only what a killed process may have left beside it is removed.

    Raises:
        InputError: A source names no file, or `out` holds something that is no dataset.
    """
    out = Path(os.path.realpath(out))
    settle(out)
    files = _files(plan)
    options = _hash(_options(plan))
    prepared = Prepared(
        plan, files, _shards(plan, files), _fingerprint(options, files), options, out, partial_path(out), limit
    )
    _replaceable(out)
    lock = hold(out)
    try:
        replaces = _replaceable(out)
        prepared = _with_what_is_there(prepared) if replaces else prepared
        yield prepared
        if not prepared.existing:
            (swap if replaces else place)(out, lock)
    except BaseException:
        drop(out, lock)
        raise
    if prepared.existing:
        tidy(out)
        drop(out, lock)


def _files(plan: IngestPlan) -> tuple[PreparedFile, ...]:
    found: list[PreparedFile] = []
    for index, source in enumerate(plan.sources):
        paths = expand_paths(source.paths)
        if not paths:
            raise InputError(f"{source.name}: at least one file is needed. Received: none")
        for path in paths:
            file = source_file(path, len(found), source.columns)
            found.append(PreparedFile(file, index, look_at(file)))
    return tuple(found)


def _shards(plan: IngestPlan, files: tuple[PreparedFile, ...]) -> int:
    if plan.shards:
        return plan.shards
    total = sum(file.found.unpacked for file in files if file.source == 0)
    largest = max(_SHARD_BYTES, (plan.memory_bytes - _BASE_BYTES) // _COPIES)
    return max(1, -(-total // min(largest, max(_SHARD_BYTES, total // _MOST_SHARDS))))


def _options(plan: IngestPlan) -> dict[str, Any]:
    """All that decides what becomes of a record."""
    known = plan.model_dump(mode="json")
    for source in (known["records"], *known["tables"]):
        del source["paths"]
    return {"plan": known, "version": version("gristmill")}


def _fingerprint(options: str, files: tuple[PreparedFile, ...]) -> str:
    return _hash([options, sorted(file.identity for file in files)])


def _hash(known: object) -> str:
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _replaceable(out: Path) -> bool:
    """Whether a dataset stands at `out`; anything else there but an empty folder is refused."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    if (out / MANIFEST).is_file():
        return True
    raise InputError(f"{out} exists and is no dataset; nothing is written over it. Give another --out")


def _with_what_is_there(prepared: Prepared) -> Prepared:
    """Tells what of the dataset at `out` stays: all of it, all of it with files added, or nothing."""
    try:
        manifest = Manifest.load(prepared.out)
        manifest.verify(prepared.out)
    except IntegrityError as error:
        return replace(prepared, note=f"everything is read again: {error}")
    if manifest.fingerprint == prepared.fingerprint:
        return replace(prepared, existing=manifest)
    if manifest.options_fingerprint != prepared.options_fingerprint:
        return replace(prepared, note="everything is read again: other options, or another version of gristmill")
    if prepared.plan.derivation:
        return replace(prepared, note="everything is read again: its records are made from all files together")
    names = {"records": 0} | {source.name: i for i, source in enumerate(prepared.plan.sources) if i}
    held = {(str(names.get(s.table, -1)), s.path, s.sha256) for s in manifest.sources}
    added = [file for file in prepared.files if file.identity not in held]
    if any(file.source for file in added):
        return replace(prepared, note="everything is read again: a side table changed")
    if len(added) + len(held) != len(prepared.files):
        return replace(prepared, note="everything is read again: a file of the dataset was changed or taken away")
    renumbered = tuple(
        replace(file, file=replace(file.file, index=len(held) + place)) for place, file in enumerate(added)
    )
    note = f"{len(renumbered)} of {len(prepared.files)} files are new: only these are read"
    if isinstance(prepared.plan.split, TimeSplit):
        note += "; the dataset's own records are arranged anew with theirs"
    return replace(prepared, files=renumbered, base=manifest, shards=int(manifest.options["shards"]), note=note)
