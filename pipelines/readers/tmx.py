"""Translation memories (TMX 1.4): the columns are languages, and a record is a unit with a segment in each of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

import pyarrow as pa

from gristmill.errors import InputError
from pipelines.sources import POSITION, WHOLE, Block, SourceFile, Span, read_chunks

__all__ = ["read"]

_CHUNK_BYTES = 1 << 20
_CODES = frozenset({"bpt", "ept", "it", "ph", "ut"})
"""Elements within a segment that hold codes of the text's own format, no text."""


def read(
    source: SourceFile, columns: tuple[str, ...], span: Span = WHOLE, types: Mapping[str, pa.DataType] | None = None
) -> Iterator[Block]:
    """Reads units; a column `en` takes the first segment whose language is `en` or `en-...`.

    The format is https://www.gala-global.org/tmx-14b. A unit without one of the languages is set aside. Positions
    count units. Files that declare entities are refused, as these may grow without bound.

    Raises:
        InputError: It is not well-formed XML, holds no unit, declares an entity, or no unit has one of the languages.
    """
    units = _Units()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = units.start, units.end
    parser.CharacterDataHandler, parser.EntityDeclHandler = units.text, units.refuse
    done, seen = 0, set[str]()
    try:
        for chunk in read_chunks(source.path, _CHUNK_BYTES):
            parser.Parse(chunk)
            if units.whole:
                yield _block(units.whole, done, columns, seen, len(chunk))
                done += len(units.whole)
                units.whole = []
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise InputError(f"{source.path}: not well-formed XML: {error}") from error
    except _RefusedError as error:
        raise InputError(f"{source.path}:{parser.CurrentLineNumber}: {error}") from error
    if units.whole:
        yield _block(units.whole, done, columns, seen, 0)
        done += len(units.whole)
    if not done:
        raise InputError(f"{source.path}: at least one <tu> is needed. Received: none")
    for column in columns:
        if not any(_is(language, column) for language in seen):
            held = ", ".join(sorted(seen)) or "none"
            raise InputError(f"{source.path}: no segment of language `{column}`. Received: {held}")


class _RefusedError(Exception):
    """A file that is not read on; the parser passes it through."""


@dataclass
class _Units:
    """Handlers of the parser; what they gather."""

    whole: list[dict[str, str]] = field(default_factory=list)
    """Segments of each unit by language, in lower case."""
    unit: dict[str, str] = field(default_factory=dict)
    language: str = ""
    segment: list[str] | None = None
    codes: int = 0
    """How many elements of codes are open."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "tu":
            self.unit = {}
        elif name == "tuv":
            self.language = (attributes.get("xml:lang") or attributes.get("lang") or "").lower().replace("_", "-")
        elif name == "seg":
            self.segment = []
        elif name in _CODES:
            self.codes += 1

    def end(self, name: str) -> None:
        if name == "seg" and self.segment is not None:
            self.unit.setdefault(self.language, "".join(self.segment))
            self.segment = None
        elif name == "tu":
            self.whole.append(self.unit)
        elif name in _CODES:
            self.codes -= 1

    def text(self, text: str) -> None:
        if self.segment is not None and not self.codes:
            self.segment.append(text)

    def refuse(self, name: str, *_: Any) -> None:
        raise _RefusedError(f"entities must not be declared. Received: {name}")


def _block(units: list[dict[str, str]], done: int, columns: tuple[str, ...], seen: set[str], size: int) -> Block:
    rows: list[tuple[int, list[str | None], str]] = []
    rejected = []
    for position, unit in enumerate(units, start=done + 1):
        seen.update(unit)
        segments = [_segment(unit, column) for column in columns]
        raw = "\t".join(segment or "" for segment in segments)
        lacking = [column for column, segment in zip(columns, segments, strict=True) if segment is None]
        if lacking:
            rejected.append((position, f"a unit must have a segment of language `{lacking[0]}`", raw.encode()))
        else:
            rows.append((position, [segment or None for segment in segments], raw))
    texts = [pa.array([row[1][i] for row in rows], pa.string()) for i in range(len(columns))]
    positions = pa.array([row[0] for row in rows], pa.int64())
    batch = pa.RecordBatch.from_arrays([positions, *texts], [POSITION, *columns])
    return Block(batch, pa.array([row[2].encode() for row in rows], pa.binary()), tuple(rejected), bytes=size)


def _segment(unit: Mapping[str, str], column: str) -> str | None:
    return next((text for language, text in unit.items() if _is(language, column)), None)


def _is(language: str, wanted: str) -> bool:
    wanted = wanted.lower().replace("_", "-")
    return language == wanted or language.startswith(f"{wanted}-")
