"""Before the pipeline runs: which files there are, whether the dataset is there already, and the work folder."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from gristmill.data.manifest import MANIFEST, Manifest
from gristmill.data.plan import IngestPlan
from gristmill.errors import InputError, IntegrityError
from gristmill.files import sha256_file
from gristmill.staging import drop, hold, partial_path, place, settle, swap
from pipelines.sources import SourceFile, expand_paths, source_file

__all__ = ["Prepared", "PreparedFile", "prepare"]

_BYTES_PER_SHARD = 16 << 20


@dataclass(frozen=True)
class PreparedFile:
    """A source file as it was found."""

    file: SourceFile
    source: int
    """Index of its source in the plan."""
    bytes: int
    modified_ns: int
    sha256: str


@dataclass(frozen=True)
class Prepared:
    """All that the stages of a pipeline need to know; it goes to every worker."""

    plan: IngestPlan
    files: tuple[PreparedFile, ...]
    shards: int
    fingerprint: str
    out: Path
    work: Path
    """Folder in which the dataset is put together."""
    existing: Manifest | None = None
    """The dataset at `out`, where it is what this plan would write."""

    @property
    def paths(self) -> list[str]:
        """Path of every file, by its index."""
        return [prepared.file.path for prepared in self.files]


@contextmanager
def prepare(plan: IngestPlan, out: Path) -> Iterator[Prepared]:
    """Looks at the sources and holds the work folder; when the body ends well, the work folder becomes `out`.

    Raises:
        InputError: A source names no file, or `out` holds something that is no dataset.
    """
    out = Path(os.path.realpath(out))
    settle(out)
    files = _files(plan)
    shards = plan.shards or max(1, -(-sum(file.bytes for file in files) // _BYTES_PER_SHARD))
    prepared = Prepared(plan, files, shards, _fingerprint(plan, files, shards), out, partial_path(out))
    replaces = _replaceable(out)
    if replaces and (existing := _same(prepared)):
        yield Prepared(**{**prepared.__dict__, "existing": existing})
        return
    lock = hold(out)
    try:
        yield prepared
        (swap if replaces else place)(out, lock)
    except BaseException:
        drop(out, lock)
        raise


def _files(plan: IngestPlan) -> tuple[PreparedFile, ...]:
    found: list[PreparedFile] = []
    for index, source in enumerate(plan.sources):
        paths = expand_paths(source.paths)
        if not paths:
            raise InputError(f"{source.name}: at least one file is needed. Received: none")
        for path in paths:
            file = source_file(path, len(found))
            try:
                state = os.stat(path)
                digest = sha256_file(Path(path))
            except OSError as error:
                raise InputError(f"{path}: cannot be read: {error.strerror}") from error
            found.append(PreparedFile(file, index, state.st_size, state.st_mtime_ns, digest))
    return tuple(found)


def _fingerprint(plan: IngestPlan, files: tuple[PreparedFile, ...], shards: int) -> str:
    known = {
        "plan": plan.model_dump(mode="json"),
        "files": [[file.source, file.file.path, file.sha256] for file in files],
        "shards": shards,
        "version": version("gristmill"),
    }
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _replaceable(out: Path) -> bool:
    """Whether a dataset stands at `out`; anything else there but an empty folder is refused."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    if (out / MANIFEST).is_file():
        return True
    raise InputError(f"{out} exists and is no dataset; nothing is written over it. Give another --out")


def _same(prepared: Prepared) -> Manifest | None:
    try:
        manifest = Manifest.load(prepared.out)
        manifest.verify(prepared.out)
    except IntegrityError:
        return None
    return manifest if manifest.fingerprint == prepared.fingerprint else None
