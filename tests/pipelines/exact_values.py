"""Harm to one value of a record: it costs its record; or another way to write the very same value."""

import json
from collections.abc import Iterator

from tests.pipelines.exact_cases import AT, FORMATS, Case

MISSING = "(missing)"
LONG = "9" * 10_000_000
BAD = [
    ("a word for a number", "rating", "many", "`rating` must be a finite number"),
    ("a number out of range", "rating", "5.5", "at most 5"),
    ("a missing number", "rating", MISSING, "and present. Received: None"),
    ("NaN", "weight", "NaN", "`weight` must be a finite number"),
    ("infinity", "weight", "Infinity", "`weight` must be a finite number"),
    ("minus infinity", "weight", "-Infinity", "`weight` must be a finite number"),
    ("a number beyond 32 bits", "weight", "1e39", "`weight` must be a finite number"),
    ("a number beyond 64 bits", "weight", "-1e400", "`weight` must be a finite number"),
    ("hexadecimal for a number", "weight", "0x10", "`weight` must be a finite number"),
    ("digits of another script", "weight", "٣", "`weight` must be a finite number"),
    ("an underscore in a number", "weight", "1_000", "`weight` must be a finite number"),
    ("a fraction for a whole number", "count", "1.5", "`count` must be a whole number"),
    ("hexadecimal for a whole number", "count", "0x1F", "`count` must be a whole number"),
    ("a whole number beyond 64 bits", "count", str(2**63), "`count` must be a whole number"),
    ("a whole number below 64 bits", "count", str(-(2**63) - 1), "`count` must be a whole number"),
    ("an id with a leading zero", "item", "0105", "`item` must be a whole number in its shortest form"),
    ("a missing id", "user", MISSING, "`user` must be a non-empty id"),
    ("a blank id", "user", " ", "`user` must be a non-empty id"),
    ("NUL in an id", "user", "u\0", "`user` must be a non-empty id without NUL"),
    ("NUL in a text", "note", "a\0b", "`note` must be text without NUL"),
    ("NUL in a list", "tags", "a b\0", "`tags` must be a list whose every element is text without NUL"),
    ("a missing time", "time", MISSING, "and present. Received: None"),
    ("no such day", "time", "2001-02-29", "`time` must be a time"),
    ("milliseconds for seconds", "time", "1700000000000", "`time` must be a time"),
    ("hexadecimal for a time", "time", "0x3B9ACA05", "`time` must be a time"),
    ("a number of 10 MB", "rating", LONG, "`rating` must be a finite number"),
]
SAME = [
    ("white space around a number", "rating", " 3.5 "),
    ("a sign", "rating", "+3.5"),
    ("an exponent", "rating", "35e-0001"),
    ("zeros after a number", "weight", "-0.6250000"),
    ("zeros before a whole number", "count", "0" * 30 + "7"),
    ("a time with a zone", "time", "2001-09-09T01:46:45Z"),
    ("a time with a fraction", "time", "1000000005.9"),
]
NUMBERS = {
    "NaN",
    "Infinity",
    "-Infinity",
    "5.5",
    "1e39",
    "-1e400",
    "1.5",
    str(2**63),
    str(-(2**63) - 1),
    LONG,
    "1700000000000",
}


def _cell(name: str, column: str, text: str) -> str:
    """The text as a cell of that format."""
    if FORMATS[name].join:
        if text == MISSING:
            return ""
        return f'"{text}"' if FORMATS[name].quotes else text
    if text == MISSING:
        return "null"
    if column == "tags":
        return json.dumps(text.split())
    return text if text in NUMBERS else json.dumps(text, ensure_ascii=False)


def bad_values() -> Iterator[Case]:
    """A value that breaks a rule: its record is set aside, and no other."""
    for made in FORMATS.values():
        for name, column, text, reason in BAD:
            if text is LONG and made.pack is not bytes:
                continue
            cell = _cell(made.name, column, text)
            yield made.with_line(name, made.harmed(**{column: cell}), reason=reason, large=text is LONG)


def same_values() -> Iterator[Case]:
    """Another way to write a value: the record is written with the very same one."""
    for made in FORMATS.values():
        for name, column, text in SAME:
            record = made.records()[AT] | ({"count": 7} if column == "count" else {})
            yield made.with_line(name, made.harmed(**{column: _cell(made.name, column, text)}), record)
        if made.pack is not bytes:
            continue
        long = "ü" * 5_000_000
        record = made.records()[AT] | {"note": long}
        yield made.with_line("a text of 10 MB", made.line(record), record, large=True)
