"""What a translation must leave as it is: URLs, addresses, tags, placeholders and numbers travel as numbered symbols."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["ANY_SYMBOL", "Masked", "SYMBOLS", "Span", "find_kept", "mask_pair"]

SYMBOLS = tuple(f"｟{number}｠" for number in range(10))
"""The symbols, in the order in which they are given out; the vocabulary holds each as one piece."""
ANY_SYMBOL = re.compile("|".join(map(re.escape, SYMBOLS)))

_PLACEHOLDER = r"""
    \{\{[^{}]*\}\} | \{%[^{}]*?%\}                                       # {{ x }}  {% x %}
  | [$%]?\{[\w.\[\]$-]*(?:![rsa])?(?::[^{}\s]*)?\}                       # {x} ${x} %{x} {} {x:.2f}
  | \[%key:[^%\]]*%\]                                                    # [%key:component::x%]
  | %\(\w+\)[-+0\#]*\d*(?:\.\d+)?[a-zA-Z]                                # %(x)s
  | (?<![\d%])%(?:\d+\$)?[-+0\#]*\d*(?:\.\d+)?(?:hh|h|ll|l|z)?[sdiufgGeExXocr@](?![a-z])   # %s %1$d %.2f
  | \$[A-Za-z_]\w*                                                       # $x
"""
_TAG = r"""</?\w[\w:-]*(?:\s+[\w:@.-]+(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s<>"']+))?)*\s*/?>"""
_KEPT = rf"""
    (?P<symbol>｟[0-9]｠)
  | (?P<url>\b(?:https?|ftp|file)://[^\s<>"]*[^\s<>".,;:!?)\]'’”»] | \bwww\.[^\s<>"]*[^\s<>".,;:!?)\]'’”»]
          | (?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
  | (?P<tag>{_TAG})
  | (?P<placeholder>{_PLACEHOLDER})
  | (?P<number>(?<!\w)\d+(?:[.,:/]\d+)*(?!\w) | (?<!\w)[^\W\d_]+\d\w*)
  | (?P<sign>&(?:\w+|\#\d+|\#x[\da-fA-F]+); | %% | [\U0001F000-\U0001FAFF☀-➿\uFE0F\u200D\u20E3]+)
"""
_FIND = re.compile(_KEPT, re.VERBOSE)
_HINT = re.compile(r"[\d%{$<@/&｟\[\U0001F000-\U0001FAFF☀-➿\uFE0F\u20E3]|www\.")
"""Nothing in a text without one of these is kept: most sentences are through here."""
_MUST_MATCH = frozenset({"tag", "placeholder", "symbol"})
"""What both sides of a pair must hold equally often; the rest is masked as often as it is on both sides."""


@dataclass(frozen=True)
class Masked:
    """A text with symbols, and what they stand for: `values[n]` for the n-th symbol that is given out."""

    text: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Span:
    """A part `text[start:end]` that a translation leaves as it is."""

    start: int
    end: int
    value: str
    kind: str
    """Such as `url`, `tag`, `placeholder`, `number`, `sign`, `symbol` (one of `SYMBOLS` in the text itself) or `word`."""


def find_kept(text: str) -> list[Span]:
    """What a translation of `text` leaves as it is, from left to right."""
    if not _HINT.search(text):
        return []
    return [Span(found.start(), found.end(), found[0], found.lastgroup or "") for found in _FIND.finditer(text)]


def mask_pair(
    source: str, target: str, words: Iterable[str] = (), symbols: Sequence[str] = SYMBOLS
) -> tuple[Masked, Masked] | None:
    """Both sides of a pair with the same symbol for the same thing, or None where their placeholders or tags differ.

    Each occurrence has a symbol of its own, as in a text that is translated: the first `%s` of one side is taken for the
    first of the other. What only one side has stays in its text, and so does what comes after ten symbols.

    Args:
        source: A text.
        target: Its translation.
        words: Words to mask as well, where both sides hold them.
        symbols: The symbols in the order in which to give them out; `values` follow this order.
    """
    sides = [_with_words(text, find_kept(text), words) for text in (source, target)]
    if not any(sides):
        return Masked(source), Masked(target)
    strict = [Counter(span.value for span in spans if span.kind in _MUST_MATCH) for spans in sides]
    if strict[0] != strict[1]:
        return None
    numbered = [_numbered(spans) for spans in sides]
    shared = [key for key in numbered[0] if key in numbered[1]][: len(symbols)]
    given = dict(zip(shared, symbols, strict=False))
    values = tuple(value for value, _ in shared)
    texts = [_replace(text, spans, given) for text, spans in zip((source, target), numbered, strict=True)]
    return Masked(texts[0], values), Masked(texts[1], values)


def _with_words(text: str, spans: list[Span], words: Iterable[str]) -> list[Span]:
    """`spans` and those of whole `words` outside of them, in order."""
    more = [
        Span(found.start(), found.end(), word, "word")
        for word in words
        for found in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text)
        if not any(span.start < found.end() and found.start() < span.end for span in spans)
    ]
    return sorted([*spans, *more], key=lambda span: span.start) if more else spans


def _numbered(spans: list[Span]) -> dict[tuple[str, int], Span]:
    """Each span by its value and how often the value came before it, in order."""
    seen: Counter[str] = Counter()
    found = {}
    for span in spans:
        found[span.value, seen[span.value]] = span
        seen[span.value] += 1
    return found


def _replace(text: str, spans: dict[tuple[str, int], Span], given: dict[tuple[str, int], str]) -> str:
    pieces, place = [], 0
    for key, span in spans.items():
        pieces += [text[place : span.start], given.get(key, span.value)]
        place = span.end
    return "".join([*pieces, text[place:]])
