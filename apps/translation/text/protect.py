"""Sets aside what must come through a translation unchanged: placeholders, numbers, terms, and what has no pieces."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

from apps.translation.text.glossary import Glossary, Match
from apps.translation.text.masks import SYMBOLS, find_kept

__all__ = ["HOLE", "Protected", "plain", "protect"]

HOLE = "\ufffc"
"""Stands in a protected text for each part that was set aside."""
_OWN = frozenset({HOLE, *(symbol[place] for symbol in SYMBOLS for place in (0, -1))})
"""Signs that mean something to us, and so are set aside where a text has them."""
_JOINS = "\u0300-\u036f\u200c\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff"
_TOKEN = re.compile(rf"\w[\w{_JOINS}]*|[^\w\s][{_JOINS}]*")
"""A word with its marks, or a sign with what colours or joins it."""
_JOINING = frozenset({"Mn", "Me", "Cf", "Sk"})
"""Categories of what is seen only with the character before it, or not at all."""
_PICTURES = 0x2190
"""From here on a symbol is an arrow, a sign or an emoji, and not one of the letters' own such as the degree."""


_PLAIN = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
}


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
        covered: Whether the vocabulary has pieces for a character, or for a plain one in its place.
    """
    found = [Match(span.start, span.end, span.value) for span in find_kept(text)]
    if not text.isascii():
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


def plain(character: str, spelled: Callable[[str], bool]) -> str:
    """A plain sign for a quote, dash, space, ligature or wide letter that the vocabulary lacks; else the character."""
    of_text = character in _PLAIN or unicodedata.category(character)[0] in "PZL"
    if character.isascii() or not of_text or spelled(character):
        return character
    other = _PLAIN.get(character) or unicodedata.normalize("NFKC", character)
    return other if other.isascii() or all(map(spelled, other)) else character


def _without_pieces(text: str, covered: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Words with a character that the vocabulary lacks, and signs that it lacks, emoji and our own among them.

    One that follows on another with nothing but spaces and signs between them is one with it.
    """
    start = end = None
    for match in _TOKEN.finditer(text):
        joined = match.start() == end and unicodedata.category(match[0][0]) in _JOINING
        if joined or any(_is_foreign(character, covered) for character in match[0]):
            start = match.start() if start is None else start
            end = match.end()
        elif match[0][0].isalnum() and start is not None and end is not None:
            yield start, end
            start = end = None
    if start is not None and end is not None:
        yield start, end


def _is_foreign(character: str, covered: Callable[[str], bool]) -> bool:
    if character.isascii() or unicodedata.category(character) in _JOINING:
        return False
    if character in _OWN:
        return True
    picture = unicodedata.category(character) == "So" and ord(character) >= _PICTURES
    return picture or not covered(character)
