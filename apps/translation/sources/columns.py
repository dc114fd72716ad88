"""Which columns of a file hold the two sides of a pair: named ones, those called so by custom, or the first two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from apps.translation.options import IngestOptions
from gristmill.errors import InputError
from gristmill.schema import Feature, Kind, Missing, Schema
from pipelines.peek import peek
from pipelines.readers.parallel import SIDES
from pipelines.sources import SourceFile

__all__ = ["PairFile", "find_columns"]

_CUSTOM = (("source", "src", "source_text"), ("target", "tgt", "trg", "target_text", "translation"))


@dataclass(frozen=True)
class PairFile:
    """A file of pairs and its columns."""

    file: SourceFile
    sides: tuple[str, str]
    origin: str | None = None
    """Column that says where each pair comes from."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to read."""
        return (*self.sides, self.origin) if self.origin else self.sides

    @property
    def record_schema(self) -> Schema:
        """What its records must be: texts, or nothing."""
        columns = dict(zip(("source", "target", "origin"), self.columns, strict=False))
        return Schema(
            features=tuple(
                Feature(name=name, kind=Kind.TEXT, missing=Missing.KEEP, column=column)
                for name, column in columns.items()
            )
        )

    @property
    def name(self) -> str:
        """The file's name, the origin of pairs that name none."""
        return " + ".join(Path(path).name for path in self.file.files)


def find_columns(file: SourceFile, options: IngestOptions) -> PairFile:
    """Finds the columns of the pairs.

    A CSV or TSV file whose first line names no known column has no header line: its first two columns are the sides.

    Raises:
        InputError: A named column is not there, or the file has fewer than two columns.
    """
    named = (options.source_column, options.target_column)
    if file.format == "parallel":
        return PairFile(file, (SIDES[0], SIDES[1]))
    if file.format == "tmx":
        return PairFile(file, options.languages)
    keys = _keys(*peek(file.path, 1))
    header = [name for name, _ in keys]
    found = [_find(keys, given, side, options) for side, given in enumerate(named)]
    if found[0] and found[1]:
        if found[0] == found[1]:
            raise InputError(f"{file.path}: source and target must be two columns. Received: {found[0]!r} twice")
        return PairFile(file, (found[0], found[1]), "origin" if "origin" in header else None)
    for name, given in zip(("source", "target"), named, strict=True):
        if given is not None and given not in header:
            raise InputError(
                f"{file.path}: --{name}-column must name a column. Received: {given!r}, of {_list(header)}"
            )
    if file.format in ("csv", "tsv") and not any(named):
        return _without_header(file, header)
    raise InputError(
        f"{file.path}: no columns for {options.languages[0]} and {options.languages[1]}; name them with --source-column "
        f"and --target-column. The file has: {_list(header)}"
    )


def _find(keys: Sequence[tuple[str, str]], given: str | None, side: int, options: IngestOptions) -> str | None:
    if given is not None:
        return given if given in (name for name, _ in keys) else None
    wanted = [*_CUSTOM[side], options.languages[side].lower()]
    return next((name for name, key in keys if key.lower() in wanted), None)


def _keys(header: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The columns, each with its key.

    Where the first record has an object, as in {"translation": {"en": ..., "es": ...}}, the key `en` has the column
    `translation.en`; else column and key are the same, dots or not.
    """
    first = records[0] if records else {}
    found: list[tuple[str, str]] = []
    for name in header:
        value = first.get(name)
        found += [(f"{name}.{key}", key) for key in value] if isinstance(value, dict) else [(name, name)]
    return found


def _without_header(file: SourceFile, first: Sequence[str]) -> PairFile:
    if len(first) < 2:
        raise InputError(
            f"{file.path}: two columns are needed, with a tab (.tsv) or comma (.csv) between them. Received: {len(first)}"
        )
    names = ("source", "target", *(f"column {place}" for place in range(3, len(first) + 1)))
    return PairFile(replace(file, columns=names), ("source", "target"))


def _list(header: Sequence[str]) -> str:
    return ", ".join(header) or "none"
