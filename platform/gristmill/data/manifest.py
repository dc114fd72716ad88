"""The manifest of a dataset folder: what it holds, where that came from, and the hash of every file."""

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from gristmill.data.plan import Layout
from gristmill.errors import InputError, IntegrityError
from gristmill.files import sha256_file
from gristmill.schema import Schema

__all__ = ["FileEntry", "MANIFEST", "Manifest", "SourceReport", "TableEntry"]

MANIFEST = "manifest.json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class FileEntry(_Record):
    """One file of the dataset."""

    name: str
    """Path relative to the dataset folder."""
    bytes: int
    sha256: str
    records: int | None = None


class TableEntry(_Record):
    """A side table."""

    record_schema: Schema
    file: FileEntry


class SourceReport(_Record):
    """What became of one source file; read = written + quarantined always holds.

    Where records are derived, `written` counts those that were used for it.
    """

    path: str
    table: str
    """`records`, or the name of the side table."""
    bytes: int
    sha256: str
    read: int
    written: int
    quarantined: int


class Manifest(_Record):
    """Contents of `manifest.json`."""

    format: int = 1
    app: str
    code_version: str
    fingerprint: str
    """Hash of the sources' contents and all options; datasets of one fingerprint hold the same records."""
    options_fingerprint: str = ""
    """Hash of the options alone; files can be added to a dataset whose options stay."""
    generation: int = 0
    """How often files were added."""
    options: dict[str, Any]
    layout: Layout = Layout()
    info: dict[str, str]
    record_schema: Schema
    splits: dict[str, tuple[FileEntry, ...]]
    tables: dict[str, TableEntry]
    vocabularies: dict[str, FileEntry]
    statistics: FileEntry
    states: dict[str, FileEntry] = {}
    """What `statistics` was computed from, by split or table, so that later records can be counted in."""
    quarantine: tuple[FileEntry, ...]
    sources: tuple[SourceReport, ...]
    derived: int | None = None
    """Records that were made from those of all sources together; None where each record is one of a source."""
    reports: dict[str, FileEntry] = {}
    """JSON files that tell how the records were made, by name."""
    assets: dict[str, FileEntry] = {}
    """Files that belong to the records, by name, such as the model by which texts were cut into pieces."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads the manifest of a dataset folder.

        Raises:
            InputError: There is none, so the folder is no dataset.
            IntegrityError: It is damaged.
        """
        path = folder / MANIFEST
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise InputError(f"{folder} is no dataset: {MANIFEST} cannot be read ({error.strerror})") from error
        except ValidationError as error:
            raise IntegrityError(f"{path}: damaged, or not a manifest: {error}") from error

    @property
    def read(self) -> int:
        """Records read from all sources."""
        return sum(source.read for source in self.sources)

    @property
    def written(self) -> int:
        """Records written, to splits and tables."""
        return sum(source.written for source in self.sources)

    @property
    def quarantined(self) -> int:
        """Records set aside."""
        return sum(source.quarantined for source in self.sources)

    @property
    def split_records(self) -> dict[str, int]:
        """Number of records of each split."""
        return {split: sum(shard.records or 0 for shard in shards) for split, shards in self.splits.items()}

    def files(self) -> list[FileEntry]:
        """Every file of the dataset but the manifest."""
        shards = [shard for split in self.splits.values() for shard in split]
        tables = [table.file for table in self.tables.values()]
        counted = [self.statistics, *self.states.values(), *self.reports.values()]
        return [*shards, *tables, *self.vocabularies.values(), *self.assets.values(), *counted, *self.quarantine]

    def verify(self, folder: Path) -> None:
        """Checks that every file is there, whole and unchanged, and that no shard was taken off the list.

        Raises:
            IntegrityError: One is not; the message names it.
        """
        written = sum(source.written for source in self.sources if source.table == "records")
        told = written if self.derived is None else self.derived
        held = sum(self.split_records.values())
        if held != told:
            raise IntegrityError(
                f"{folder / MANIFEST}: the splits must have {told} records, as the sources say. Received: {held}"
            )
        for entry in self.files():
            path = folder / entry.name
            if not path.is_file():
                raise IntegrityError(f"{path}: the manifest lists this file, but it is missing")
            if path.stat().st_size != entry.bytes:
                raise IntegrityError(f"{path}: must have {entry.bytes} bytes. Received: {path.stat().st_size}")
            actual = sha256_file(path)
            if actual != entry.sha256:
                raise IntegrityError(f"{path}: changed; sha256 must be {entry.sha256[:12]}…. Received: {actual[:12]}…")
