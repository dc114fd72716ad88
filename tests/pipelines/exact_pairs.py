"""Harm to two parallel files, whose lines go together."""

from collections.abc import Iterator
from dataclasses import replace

from gristmill.schema import Schema
from tests.pipelines.exact_cases import AT, Case

SCHEMA = Schema.model_validate(
    {"features": [{"name": "source", "kind": "text"}, {"name": "target", "kind": "text", "missing": "keep"}]}
)
BOM = b"\xef\xbb\xbf"
LEFT = [f"line {n} é".encode() for n in range(12)]
RIGHT = [f"Zeile {n}, ü".encode() for n in range(12)]


def pairs(name: str, left: list[bytes] = LEFT, right: list[bytes] = RIGHT, **how: object) -> Case:
    """Two files that end with a newline; each pair must be written but where `aside` says otherwise."""
    aside = {AT + 1: (str(how["reason"]), left[AT] + b"\t" + right[AT])} if "reason" in how else {}
    written = {
        n + 1: {"source": one.decode(errors="replace"), "target": other.decode(errors="replace") or None}
        for n, (one, other) in enumerate(zip(left, right, strict=False))
        if n + 1 not in aside
    }
    content, other = (b"".join(line + b"\n" for line in side) for side in (left, right))
    return Case(f"pairs: {name}", "x.en", content, written, aside, other=other)


def _with(side: list[bytes], line: bytes) -> list[bytes]:
    return [*side[:AT], line, *side[AT + 1 :]]


def pair_cases() -> Iterator[Case]:
    """Lines that are none, on either side, and sides that do not fit together."""
    whole = pairs("")
    lines, more = whole.content, whole.other or b""
    for name, bad in (("left", "source"), ("right", "target")):
        sides = (_with(LEFT, b"\xff"), RIGHT) if bad == "source" else (LEFT, _with(RIGHT, b"\xff"))
        yield pairs(f"bad UTF-8 on the {name}", *sides, reason=f"`{bad}` is not UTF-8")
        sides = (_with(LEFT, b"a\0"), RIGHT) if bad == "source" else (LEFT, _with(RIGHT, b"a\0"))
        yield pairs(f"NUL on the {name}", *sides, reason=f"`{bad}` must be text without NUL")
    yield pairs("bad UTF-8 on both", _with(LEFT, b"\xff"), _with(RIGHT, b"\xfe"), reason="`source` is not UTF-8")
    yield pairs("an empty line on the left", _with(LEFT, b""), reason="`source` must be text and present")
    yield pairs("an empty line on the right", LEFT, _with(RIGHT, b""))
    yield pairs("a carriage return within a line", _with(LEFT, b"a\rb"))
    yield replace(pairs("a line of 10 MB", _with(LEFT, b"x" * 10_000_000)), large=True)
    yield replace(whole, name="pairs: a byte order mark", content=BOM + lines)
    yield replace(whole, name="pairs: lines that end with CR LF on one side", other=more.replace(b"\n", b"\r\n"))
    yield replace(whole, name="pairs: no line end at the end", content=lines[:-1])
    message = "x.en::.*x.de: both files must have the same number of lines. Received: {} and {}"
    for name, content, other, counts in (
        ("a line less on the left", lines[: lines.rindex(b"line")], more, (11, 12)),
        ("a line less on the right", lines, more[: more.rindex(b"Zeile")], (12, 11)),
        ("a blank line more on the left", lines + b"\n", more, (13, 12)),
        ("a blank line more on the right", lines, more + b"\n", (12, 13)),
        ("nothing on the left", b"", more, (0, 12)),
        ("nothing on the right", lines, b"", (12, 0)),
    ):
        yield whole.fails(message.format(*counts), f"pairs: {name}", content=content, other=other)
    yield whole.fails("the files are empty", "pairs: two empty files", content=b"", other=b"")
