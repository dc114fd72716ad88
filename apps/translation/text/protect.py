"""Sets aside what must come through a translation unchanged: placeholders, numbers, terms, and what has no pieces."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

from apps.translation.text.glossary import Glossary, Match
from apps.translation.text.masks import SYMBOLS, mask

__all__ = ["HOLE", "Protected", "protect"]

HOLE = "\ufffc"
"""Stands in a protected text for each part that was set aside."""
_SYMBOL = re.compile("|".join(map(re.escape, SYMBOLS)))
_PICTURES = 0x2190
"""From here on a symbol is an arrow, a sign or an emoji, and not one of the letters' own such as the degree."""


class Protected(NamedTuple):
    """A text with holes, and what stands for each hole in the translation, in the order of the holes."""

    text: str
    values: tuple[str, ...]


def protect(text: str, glossary: Glossary | None, covered: Callable[[str], bool]) -> Protected:
    """Sets parts of a text aside.

    Of parts that overlap the one stands that begins first, and of those the longest; so a term of the glossary is not
    found inside of a URL, but a term that holds a number is found whole.

    Args:
        text: Text in NFC.
        glossary: Terms with their translations.
        covered: Whether the vocabulary has pieces for a character.
    """
    found = [Match(start, end, text[start:end]) for start, end in _masked(text)]
    found += [Match(start, end, text[start:end]) for start, end in _without_pieces(text, covered)]
    terms = glossary.find(text) if glossary else []
    ordered = sorted([*terms, *found], key=lambda match: (match.start, -match.end))  # stable: terms before the rest
    parts: list[str] = []
    values: list[str] = []
    place = 0
    for match in ordered:
        if match.start >= place:
            parts += [text[place : match.start], HOLE]
            values.append(match.put)
            place = match.end
    return Protected("".join([*parts, text[place:]]), tuple(values))


def _masked(text: str) -> Iterator[tuple[int, int]]:
    """Where a mask's values stand in a text, of which there may be more than there are symbols."""
    own = [match.span() for match in _SYMBOL.finditer(text)]
    yield from own
    begin = 0
    for start, end in [*own, (len(text), len(text))]:
        while begin < start:
            masked = mask(text[begin:start])
            symbols = _SYMBOL.findall(masked.text)
            for before, symbol in zip(_SYMBOL.split(masked.text), symbols, strict=False):
                begin += len(before)
                value = masked.values[SYMBOLS.index(symbol)]
                yield begin, begin + len(value)
                begin += len(value)
            if len(set(symbols)) < len(SYMBOLS):
                break
        begin = end


def _without_pieces(text: str, covered: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Runs of characters that the vocabulary lacks, of emoji and of our own signs.

    What joins characters and stands at such a run belongs to it, and so do spaces and signs between two of its words.
    """
    start = end = None
    for index, character in enumerate(text):
        foreign = _is_foreign(character, covered)
        if foreign or (end == index and _joins(character)):
            start = index if start is None else start
            end = index + 1
        elif start is not None and end is not None and character.isalnum():
            yield start, end
            start = end = None
    if start is not None and end is not None:
        yield start, end


def _is_foreign(character: str, covered: Callable[[str], bool]) -> bool:
    if character == HOLE:
        return True
    if character.isascii() or character.isspace() or _joins(character):
        return False
    picture = unicodedata.category(character) == "So" and ord(character) >= _PICTURES
    return picture or not covered(character)


def _joins(character: str) -> bool:
    """Marks, joiners and the colours of emoji."""
    return unicodedata.category(character) in {"Mn", "Me", "Mc", "Cf", "Sk"} and not character.isascii()
