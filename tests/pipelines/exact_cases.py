"""What a case of harm is: a file, and the one end that it must have."""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gristmill.schema import Schema

Record = dict[str, Any]

SCHEMA = Schema.model_validate(
    {
        "features": [
            {"name": "user", "kind": "id"},
            {"name": "item", "kind": "id", "dtype": "int64"},
            {"name": "rating", "kind": "number", "minimum": 1, "maximum": 5},
            {"name": "weight", "kind": "number", "missing": "keep"},
            {"name": "count", "kind": "number", "dtype": "int64", "missing": "keep"},
            {"name": "time", "kind": "time"},
            {"name": "note", "kind": "text", "missing": "keep"},
            {"name": "tags", "kind": "sequence", "missing": "keep"},
        ]
    }
)
COLUMNS = SCHEMA.names
AT = 5
"""Which of the records is harmed."""


@dataclass(frozen=True)
class Line:
    """A line as it stands in the file: a record that must be written, one that must be set aside, or neither."""

    text: bytes
    record: Record | None = None
    reason: str = ""


@dataclass(frozen=True)
class Case:
    """A file and its end: an error with these words, or each record at its position written or set aside.

    Of what is set aside the reason's words and the record's own bytes are told (none where the file is not text).
    """

    name: str
    file: str
    content: bytes
    written: dict[int, Record] = field(default_factory=dict)
    aside: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    error: str = ""
    columns: tuple[str, ...] = ()
    other: bytes | None = None
    """The right one of two parallel files."""
    meddle: Callable[[Path], None] | None = None
    """What is done to the file between the first look at it and its reading."""
    large: bool = False
    """Whether it is too long to be read in pieces of a few bytes."""

    def fails(self, error: str, name: str = "", **changes: Any) -> "Case":
        """The same file with an error as its end."""
        return replace(self, name=name or self.name, error=error, written={}, aside={}, **changes)


def base_records() -> list[Record]:
    """Twelve records that stand in any format without quotes; every number is exact in 32 bits."""
    return [
        {
            "user": f"u{n}" if n % 3 else f"ü{n}",
            "item": 100 + n,
            "rating": 1 + n % 9 / 2,
            "weight": None if n % 4 == 0 else -n / 8,
            "count": None if n % 4 == 1 else n * 10**15,
            "time": 10**9 + n,
            "note": None if n % 5 == 2 else f"a note {n} €",
            "tags": None if n % 6 == 3 else ["a", f"b{n}"],
        }
        for n in range(12)
    ]


@dataclass(frozen=True)
class Format:
    """A format of text: its file's name, and how records become lines of it."""

    name: str
    file: str
    header: bool
    cell: Callable[[Any], str]
    join: str = ""
    pack: Callable[[bytes], bytes] = bytes
    columns: tuple[str, ...] = ()
    quotes: bool = False

    def line(self, record: Record, **cells: str) -> bytes:
        """A record's line; `cells` stand as they are in place of its own."""
        texts = {name: self.cell(value) for name, value in record.items()} | cells
        if not self.join:
            return ("{" + ", ".join(f'"{name}": {text}' for name, text in texts.items()) + "}").encode()
        return self.join.join(texts.values()).encode()

    def records(self) -> list[Record]:
        """The records of its files; those with quotes have line ends, commas and quotes in their notes."""
        notes = {0: 'two\nlines, "quoted"', 4: "three\r\n\r\nlines", 6: ",", 9: '"'} if self.quotes else {}
        return [record | ({"note": notes[n]} if n in notes else {}) for n, record in enumerate(base_records())]

    def lines(self) -> list[Line]:
        """Header (where there is one) and records."""
        head = [Line(self.join.join(COLUMNS).encode())] if self.header else []
        return head + [Line(self.line(record), record) for record in self.records()]

    def at(self) -> int:
        """Place of the line that is harmed."""
        return AT + self.header

    def case(
        self, name: str, lines: Sequence[Line], ends: Callable[[int], bytes] = lambda _: b"\n", **how: Any
    ) -> Case:
        """The file of those lines, and where each record of it stands."""
        content, written, aside = b"", dict[int, Record](), dict[int, tuple[str, bytes]]()
        for place, line in enumerate(lines):
            position = content.count(b"\n") + 1
            if line.reason:
                aside[position] = line.reason, line.text
            elif line.record is not None:
                written[position] = line.record
            content += line.text + ends(place)
        content = content[:-1] if how.pop("open_end", False) else content
        content = self.pack(how.pop("harm", bytes)(content))
        return Case(f"{self.name}: {name}", self.file, content, written, aside, columns=self.columns, **how)

    def harmed(self, **cells: str) -> bytes:
        """The line of the harmed record, with those cells."""
        return self.line(self.records()[AT], **cells)

    def with_line(self, name: str, text: bytes, record: Record | None = None, reason: str = "", **how: Any) -> Case:
        """The file with another line in the place of the harmed one."""
        lines = self.lines()
        lines[self.at()] = Line(text, record, reason)
        return self.case(name, lines, **how)


def _plain(value: Any) -> str:
    return "" if value is None else " ".join(value) if isinstance(value, list) else str(value)


def _quoted(value: Any) -> str:
    return "" if value is None else '"' + _plain(value).replace('"', '""') + '"'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _zipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


FORMATS = {
    made.name: made
    for made in (
        Format("csv", "x.csv", True, _plain, ","),
        Format("quoted csv", "x.csv", True, _quoted, ",", quotes=True),
        Format("csv.gz", "x.csv.gz", True, _plain, ",", pack=_zipped),
        Format("tsv", "x.tsv", True, _plain, "\t"),
        Format("tsv without header", "x.inter", False, _plain, "\t", columns=COLUMNS),
        Format("jsonl", "x.jsonl", False, _json),
        Format("jsonl.gz", "x.jsonl.gz", False, _json, pack=_zipped),
    )
}


def delimited() -> Iterator[Format]:
    """The formats with cells."""
    yield from (made for made in FORMATS.values() if made.join)


def jsons() -> Iterator[Format]:
    """The formats with objects."""
    yield from (made for made in FORMATS.values() if not made.join)
