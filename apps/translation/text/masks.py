"""What a translation must leave as it is: URLs, addresses, tags, placeholders and numbers travel as numbered symbols."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["ANY_SYMBOL", "Masked", "SYMBOLS", "mask", "mask_pair", "unmask"]

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
_MUST_MATCH = frozenset({"tag", "placeholder"})
"""What both sides of a pair must hold equally often; the rest is masked where it is on both sides."""


@dataclass(frozen=True)
class Masked:
    """A text with symbols, and what the symbols stand for: `values[n]` for `SYMBOLS[n]`."""

    text: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Span:
    start: int
    end: int
    value: str
    kind: str


def mask(text: str) -> Masked:
    """`text` with a symbol for each thing to keep; the same thing has the same symbol each time.

    At most ten different things get symbols, in the order in which they occur; others stay in the text. Symbols that
    the text itself holds come first, so that `unmask(*)` gives back any text exactly.
    """
    spans = _spans(text)
    if not spans:
        return Masked(text)
    values = _first(spans)
    return Masked(_replace(text, spans, dict(zip(values, SYMBOLS, strict=False))), values)


def unmask(text: str, values: Sequence[str]) -> str:
    """`text` with what its symbols stand for; a symbol that stands for nothing is left out."""

    def value(found: re.Match[str]) -> str:
        number = SYMBOLS.index(found[0])
        return values[number] if number < len(values) else ""

    return ANY_SYMBOL.sub(value, text)


def mask_pair(
    source: str, target: str, words: Iterable[str] = (), symbols: Sequence[str] = SYMBOLS
) -> tuple[Masked, Masked] | None:
    """Both sides of a pair with the same symbol for the same thing, or None where their placeholders or tags differ.

    Args:
        source: A text.
        target: Its translation.
        words: Words to mask as well, where both sides hold them.
        symbols: The symbols in the order in which to give them out; `values` follow this order.
    """
    sides = tuple(_with_words(text, _spans(text), words) for text in (source, target))
    if not any(sides):
        return Masked(source), Masked(target)
    strict = [Counter(span.value for span in spans if span.kind in _MUST_MATCH) for spans in sides]
    if strict[0] != strict[1]:
        return None
    shared = {span.value for span in sides[0]} & {span.value for span in sides[1]}
    kept = [[span for span in spans if span.value in shared or span.kind == "symbol"] for spans in sides]
    values = _first([*kept[0], *kept[1]])
    given = dict(zip(values, symbols, strict=False))
    return Masked(_replace(source, kept[0], given), values), Masked(_replace(target, kept[1], given), values)


def _spans(text: str) -> list[_Span]:
    if not _HINT.search(text):
        return []
    return [_Span(found.start(), found.end(), found[0], found.lastgroup or "") for found in _FIND.finditer(text)]


def _with_words(text: str, spans: list[_Span], words: Iterable[str]) -> list[_Span]:
    """`spans` and those of whole `words` outside of them, in order."""
    more = [
        _Span(found.start(), found.end(), word, "word")
        for word in words
        for found in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text)
        if not any(span.start < found.end() and found.start() < span.end for span in spans)
    ]
    return sorted([*spans, *more], key=lambda span: span.start) if more else spans


def _first(spans: list[_Span]) -> tuple[str, ...]:
    """The ten values that get symbols: literal symbols first, then by place."""
    literal = [span.value for span in spans if span.kind == "symbol"]
    return tuple(dict.fromkeys([*literal, *(span.value for span in spans)]))[: len(SYMBOLS)]


def _replace(text: str, spans: list[_Span], given: dict[str, str]) -> str:
    pieces, place = [], 0
    for span in spans:
        pieces += [text[place : span.start], given.get(span.value, span.value)]
        place = span.end
    return "".join([*pieces, text[place:]])
