"""Splits a line that is too long at sentences, then at clauses, words and characters, so that nothing is ever cut off."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["Segment", "split_line"]

_HARD = re.compile(r"[ ]*[\t\v\f\r\x1c-\x1f\x85\u2028\u2029][\s]*")
"""Never inside a segment: what stands in columns or lines of its own is translated on its own."""
_CLOSING = "\"'”’»)\\]"
_SENTENCE = re.compile(rf"[.!?…؟।]+[{_CLOSING}]*(?P<space>\s+)(?=\S)|[。！？]+[”’」』】）]*(?P<none>)(?=\S)")
_CLAUSE = re.compile(r"[;:,،、；：，—–](?P<space>\s+)(?=\S)|[、；：，](?P<none>)(?=\S)")
_SPACE = re.compile(r"(?P<space>\s+)")
_OPENING = "\"'“‘«([¿¡-–— "
_SHORT = re.compile(r"(?:^|\W)(?:Mrs?|Ms|Dr|Dra|Profa?|Sra?|Srta|St|Jr|vs|No|Fig|pp?|Uds?|e\.g|i\.e|p\.ej|[^\W\d_])\.$")
_JOINS = "\u200c\u200d"


class Segment(NamedTuple):
    """A part of a line, and the white space that stands after it."""

    text: str
    after: str


def split_line(line: str, fits: Callable[[str], bool]) -> list[Segment]:
    """Splits a line into segments; `"".join(text + after)` over them is the line itself.

    A line that fits is one segment. One that does not is split at its sentences; a sentence that does not fit is halved
    at the clause that ends nearest its middle, or where there is none at the nearest space, or between two characters
    (never between a letter and its accents).

    Args:
        line: Text without an end of line.
        fits: Whether the engine takes a text as one segment.

    Returns:
        Segments whose text neither begins nor ends with white space; the first one is empty where the line begins with
        white space. None for an empty line.
    """
    found: list[Segment] = []
    start = len(line) - len(line.lstrip())
    if start:
        found.append(Segment("", line[:start]))
    for part in _cut(line[start:], [match.span() for match in _HARD.finditer(line[start:])]):
        text = part.text.rstrip()
        kept = part.text[len(text) :] + part.after
        whole = [Segment(text, "")] if not text or fits(text) else list(_sentences(text, fits))
        found += [*whole[:-1], Segment(whole[-1].text, whole[-1].after + kept)]
    return found


def _cut(text: str, places: list[tuple[int, int]]) -> Iterator[Segment]:
    """The parts between places `(start, end)` of white space."""
    begin = 0
    for start, end in places:
        yield Segment(text[begin:start], text[start:end])
        begin = end
    if begin < len(text):
        yield Segment(text[begin:], "")


def _sentences(text: str, fits: Callable[[str], bool]) -> Iterator[Segment]:
    ends = [_gap(match) for match in _SENTENCE.finditer(text)]
    for sentence in _cut(text, [gap for gap in ends if _ends_here(text, *gap)]):
        parts = _halves(sentence.text, fits)
        yield from parts[:-1]
        yield Segment(parts[-1].text, parts[-1].after + sentence.after)


def _gap(match: re.Match[str]) -> tuple[int, int]:
    return match.span("space" if match.groupdict()["space"] is not None else "none")


def _ends_here(text: str, start: int, end: int) -> bool:
    """Whether a sentence ends before this white space: the next begins with no small letter, and it was no "Mr."."""
    following = text[end : end + 8].lstrip(_OPENING)
    return not following[:1].islower() and not _SHORT.search(text[max(0, start - 8) : start])


def _halves(text: str, fits: Callable[[str], bool]) -> list[Segment]:
    gap = None if fits(text) else _middle(text)
    if gap is None:
        return [Segment(text, "")]
    left, right = _halves(text[: gap[0]], fits), _halves(text[gap[1] :], fits)
    return [*left[:-1], Segment(left[-1].text, text[gap[0] : gap[1]]), *right]


def _middle(text: str) -> tuple[int, int] | None:
    """The place nearest the middle at which a text can be split best; none where it is a single character."""

    def distance(gap: tuple[int, int]) -> float:
        return abs(gap[0] + gap[1] - len(text))

    clauses = [_gap(match) for match in _CLAUSE.finditer(text)]
    inner = [gap for gap in clauses if len(text) / 4 <= gap[0] <= 3 * len(text) / 4]
    words = inner or clauses or [match.span() for match in _SPACE.finditer(text)]
    if words:
        return min(words, key=distance)
    places = [(place, place) for place in range(1, len(text))]
    return min([gap for gap in places if _parts(text, gap[0])] or places, key=distance, default=None)


def _parts(text: str, place: int) -> bool:
    """Whether two characters that people tell apart meet at this place."""
    before, after = text[place - 1], text[place]
    return (
        before not in _JOINS
        and after not in _JOINS
        and not unicodedata.category(after).startswith("M")
        and not "\U0001f3fb" <= after <= "\U0001f3ff"
    )
