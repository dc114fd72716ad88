"""Puts what was masked back into a translation, also where the model lost, doubled or made up a symbol."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from apps.translation.text.masks import SYMBOLS

__all__ = ["Restored", "restore"]

_SYMBOL = re.compile("|".join(map(re.escape, SYMBOLS)))
_STRAY = re.compile(
    "[" + re.escape("".join(sorted({character for each in SYMBOLS for character in each[:1] + each[-1:]}))) + "]"
)


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

    text = _SYMBOL.sub(once, translation)
    if spare:
        text = re.sub(r" {2,}", " ", text).strip()
    missing = [symbol for symbol in sorted(wanted, key=source.index) if symbol not in seen]
    for symbol in missing:
        text = _inserted(source, text, symbol)
    pieces = _SYMBOL.split(text)
    order = [values[SYMBOLS.index(symbol)] for symbol in _SYMBOL.findall(text)]
    clean = [_STRAY.sub("", piece) for piece in pieces]
    return Restored("".join(a + b for a, b in zip(clean, [*order, ""], strict=True)), len(missing), spare)


def _inserted(source: str, text: str, symbol: str) -> str:
    """The text with a symbol between the neighbours that it has in the source, else in proportion to its place there."""
    start = source.index(symbol)
    before, after = source[:start], source[start + len(symbol) :]
    low, high = _bounds(text, before, after)
    if not _says_something(before):
        place = low
    elif not _says_something(after):
        place = high if high < len(text) else len(text) - (len(text) - len(text.rstrip(" .!?…,;:\"'”’»)]")))
        place = max(place, low)
    else:
        aim = round(len(text) * start / len(source))
        gaps = [index for index in range(low, high + 1) if _between_words(text, index)] or [low]
        place = min(gaps, key=lambda index: abs(index - aim))
    left, right = text[:place], text[place:]
    left_space = " " if left and not left[-1].isspace() and (before[-1:].isspace() or left[-1].isalnum()) else ""
    right_space = " " if right and not right[0].isspace() and (after[:1].isspace() or right[0].isalnum()) else ""
    return left + left_space + symbol + right_space + right


def _bounds(text: str, before: str, after: str) -> tuple[int, int]:
    """From behind the symbol that stands before it in the source to the one that stands after it."""
    earlier = [text.index(symbol) + len(symbol) for symbol in _SYMBOL.findall(before) if symbol in text]
    later = [text.index(symbol) for symbol in _SYMBOL.findall(after) if symbol in text]
    low, high = (earlier or [0])[-1], (later or [len(text)])[0]
    return (low, high) if low <= high else (0, len(text))


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in _SYMBOL.sub("", text))


def _between_words(text: str, index: int) -> bool:
    return index in {0, len(text)} or text[index].isspace() or text[index - 1].isspace()
