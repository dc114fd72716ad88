"""The rules that look at one pair at a time, a batch of pairs at once: which rows break one, and by what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.translation.cleaning.language import wrong_language

__all__ = ["Broken", "Limits", "RULES_ON_MASKED", "RULES_ON_TEXT", "Rule"]

Columns = Mapping[str, pa.Array]
_SLACK = 15
"""Characters added to both sides, as the lengths of short texts say little."""
_DENSE = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]"
_DENSITY = 3
"""About how many letters of an alphabet a character of these scripts stands for."""
_CHOICE = r"\{\s*\w+\s*,\s*(plural|select|selectordinal)\s*,"
"""ICU's choices among texts."""


@dataclass(frozen=True)
class Limits:
    """What the rules go by."""

    languages: tuple[str, str]
    most_characters: int = 500
    most_ratio: float = 2.5
    kept: tuple[str, ...] = ()
    """Rules that are not applied."""
    word_share: float = 0.2
    """Share of the pairs in which a word that is the same on both sides is masked, so that symbols are learned."""


@dataclass(frozen=True)
class Broken:
    """Rows that break a rule, and for each what came."""

    rows: NDArray[np.int64]
    received: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """A rule with its name, its text for people, and the function that finds what breaks it."""

    name: str
    text: Callable[[Limits], str]
    find: Callable[[Columns, Limits], Broken]


def _numpy(values: pa.Array) -> NDArray[Any]:
    return values.to_numpy(zero_copy_only=False)


def _rows(bad: pa.Array) -> NDArray[np.int64]:
    return np.flatnonzero(_numpy(bad.fill_null(False)))


def _missing(columns: Columns, limits: Limits) -> Broken:
    source, target = columns["source"], columns["target"]
    empty = _numpy(pc.is_null(source)), _numpy(pc.is_null(target))
    rows = np.flatnonzero(empty[0] | empty[1])
    return Broken(rows, tuple("no source" if empty[0][row] else "no target" for row in rows))


def _damaged(columns: Columns, limits: Limits) -> Broken:
    source, target = columns["source"], columns["target"]
    rows = _rows(pc.or_(pc.match_substring(source, "\ufffd"), pc.match_substring(target, "\ufffd")))
    return Broken(rows, tuple("U+FFFD" for _ in rows))


def _length(columns: Columns, limits: Limits) -> Broken:
    source, target = columns["source"], columns["target"]
    longest = np.maximum(_numpy(pc.utf8_length(source)), _numpy(pc.utf8_length(target)))
    rows = np.flatnonzero(longest > limits.most_characters)
    return Broken(rows, tuple(str(int(longest[row])) for row in rows))


def _ratio(columns: Columns, limits: Limits) -> Broken:
    source, target = columns["source"], columns["target"]
    lengths = [_letters(text) + _SLACK for text in (source, target)]
    ratio = np.maximum(*lengths) / np.minimum(*lengths)
    rows = np.flatnonzero(ratio > limits.most_ratio)
    return Broken(rows, tuple(f"{ratio[row]:.1f}" for row in rows))


def _letters(texts: pa.Array) -> NDArray[np.float64]:
    """Length in letters of an alphabet."""
    length = _numpy(pc.utf8_length(texts)).astype(np.float64)
    return length + (_DENSITY - 1) * _numpy(pc.count_substring_regex(texts, _DENSE))


def _choices(columns: Columns, limits: Limits) -> Broken:
    source, target = columns["source"], columns["target"]
    rows = _rows(pc.or_(pc.match_substring_regex(source, _CHOICE), pc.match_substring_regex(target, _CHOICE)))
    return Broken(rows, tuple("plural or select" for _ in rows))


def _copy(columns: Columns, limits: Limits) -> Broken:
    source, target = columns["source"], columns["target"]
    rows = _rows(pc.equal(pc.utf8_lower(source), pc.utf8_lower(target)))
    return Broken(rows, tuple(text[:60] for text in source.take(pa.array(rows)).to_pylist()))


def _words(columns: Columns, limits: Limits) -> Broken:
    has = [pc.match_substring_regex(columns[name], r"\p{L}") for name in ("masked_source", "masked_target")]
    rows = _rows(pc.invert(pc.and_(*has)))
    return Broken(rows, tuple(columns["source"].take(pa.array(rows)).to_pylist()))


def _language(columns: Columns, limits: Limits) -> Broken:
    wrong: dict[int, str] = {}
    source, target = limits.languages
    for name, code, other in (("masked_target", target, source), ("masked_source", source, target)):
        found = wrong_language(columns[name].to_pylist(), code, other)
        wrong |= {row: f"{language} for {code}" for row, language in found.items()}
    rows = np.array(sorted(wrong), np.int64)
    return Broken(rows, tuple(wrong[row] for row in rows.tolist()))


RULES_ON_TEXT = (
    Rule("missing", lambda limits: "both sides must have text", _missing),
    Rule("damaged", lambda limits: "texts must be whole", _damaged),
    Rule("length", lambda limits: f"a side must have at most {limits.most_characters} characters", _length),
    Rule(
        "ratio",
        lambda limits: f"the longer side must be at most {limits.most_ratio:g} times the shorter one",
        _ratio,
    ),
    Rule("choices", lambda limits: "a side must be one text, not ICU's choice among texts", _choices),
    Rule("copy", lambda limits: "the sides must differ", _copy),
)
"""What the texts must be as they stand, in order."""
RULES_ON_MASKED = (
    Rule("words", lambda limits: "both sides must have words beside placeholders and numbers", _words),
    Rule("language", lambda limits: "each side must be in its language", _language),
)
"""What they must be beside that which stays as it is, in order."""
