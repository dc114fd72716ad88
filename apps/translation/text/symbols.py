"""Puts what was masked back into a translation, also where the model lost, doubled or made up a symbol."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from apps.translation.text.masks import ANY_SYMBOL, SYMBOLS

__all__ = ["Restored", "restore"]

_END = " .!?…,;:\"'”’»)]"
_STRAY = re.compile("[" + re.escape("".join({each[0] + each[-1] for each in SYMBOLS})) + "]")


class Restored(NamedTuple):
    """A translation with the masked parts in it."""

    text: str
    lost: int
    """Symbols that were missing; their parts stand where they stood in the source, in proportion."""
    spare: int
    """Symbols too many, left out."""


def restore(source: str, translation: str, values: Sequence[str]) -> Restored:
    """Puts each value into a translation exactly once.

    Args:
        source: What was translated, with the first `len(values)` symbols, each once.
        translation: What came.
        values: What the symbols stand for, in the symbols' order.
    """
    wanted = SYMBOLS[: len(values)]
    seen: set[str] = set()
    spare = 0

    def once(match: re.Match[str]) -> str:
        nonlocal spare
        if match[0] in wanted and match[0] not in seen:
            seen.add(match[0])
            return match[0]
        spare += 1
        return ""

    text = ANY_SYMBOL.sub(once, translation)
    if spare:
        text = re.sub(r" {2,}", " ", text).strip()
    missing = [symbol for symbol in sorted(wanted, key=source.index) if symbol not in seen]
    for symbol in missing:
        text = _inserted(source, text, symbol)
    pieces = ANY_SYMBOL.split(text)
    order = [values[SYMBOLS.index(symbol)] for symbol in ANY_SYMBOL.findall(text)]
    clean = [_STRAY.sub("", piece) for piece in pieces]
    whole = "".join(a + b for a, b in zip(clean, [*order, ""], strict=True))
    return Restored(whole.strip(), len(missing), spare)


def _inserted(source: str, text: str, symbol: str) -> str:
    """The text with a symbol between the neighbours that it has in the source, else in proportion to its place there."""
    start = source.index(symbol)
    before, after = source[:start], source[start + len(symbol) :]
    low, high = _bounds(text, before, after)
    if not _says_something(before):
        place = low
    elif not _says_something(after):
        place = max(low, len(text[:high].rstrip(_END)) if after.strip() else high)
    else:
        aim = round(len(text) * start / len(source))
        gaps = [index for index in range(low, high + 1) if _between_words(text, index)] or [low]
        place = min(gaps, key=lambda index: abs(index - aim))
        if after[:1].isalnum() and text[place : place + 1].isspace():  # it touches the word behind it, as a tag does
            place += 1
    left, right = text[:place], text[place:]
    return left + _space(left[-1:], before[-1:]) + symbol + _space(right[:1], after[:1]) + right


def _space(beside: str, in_source: str) -> str:
    """A space, where the source has one there, or two words would touch that do not in the source."""
    if not beside or beside.isspace():
        return ""
    return " " if in_source.isspace() or (beside.isalnum() and not in_source.isalnum()) else ""


def _bounds(text: str, before: str, after: str) -> tuple[int, int]:
    """From behind the symbol that stands before it in the source to the one that stands after it."""
    earlier = [text.index(symbol) + len(symbol) for symbol in ANY_SYMBOL.findall(before) if symbol in text]
    later = [text.index(symbol) for symbol in ANY_SYMBOL.findall(after) if symbol in text]
    low, high = (earlier or [0])[-1], (later or [len(text)])[0]
    return (low, high) if low <= high else (0, len(text))


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in ANY_SYMBOL.sub("", text))


def _between_words(text: str, index: int) -> bool:
    return index in {0, len(text)} or text[index].isspace() or text[index - 1].isspace()
