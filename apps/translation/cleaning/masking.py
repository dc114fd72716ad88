"""Symbols in the pairs of a batch: for what must stay as it is, and by chance for words that are the same on both sides.

Without the latter, a corpus of plain sentences would teach a model little about symbols, and a glossary's terms travel as
such. What chance decides depends on the pair alone, so that the same files give the same records.
"""

import random
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from apps.translation.cleaning.rules import Broken, Limits
from apps.translation.text.masks import SYMBOLS, Masked, mask_pair

__all__ = ["MaskedPairs", "mask_all"]

_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class MaskedPairs:
    """Texts with symbols, `masked_source` and `masked_target`, and the rows whose placeholders differ."""

    columns: dict[str, pa.Array]
    broken: Broken


def mask_all(columns: Mapping[str, pa.Array], limits: Limits) -> MaskedPairs:
    """Masks each pair of `source` and `target`; one whose placeholders differ stays as it is, and is told."""
    made: tuple[list[str], list[str]] = ([], [])
    broken = []
    for row, (source, target) in enumerate(
        zip(columns["source"].to_pylist(), columns["target"].to_pylist(), strict=True)
    ):
        pair = _mask(source, target, limits.word_share)
        if pair is None:
            if "placeholders" not in limits.kept:
                broken.append(row)
            pair = Masked(source), Masked(target)
        made[0].append(pair[0].text)
        made[1].append(pair[1].text)
    texts = {f"masked_{side}": pa.array(made[i], pa.string()) for i, side in enumerate(("source", "target"))}
    return MaskedPairs(texts, Broken(np.array(broken, np.int64), tuple("others" for _ in broken)))


def _mask(source: str, target: str, word_share: float) -> tuple[Masked, Masked] | None:
    """A pair with symbols; half of the pairs get them in order, as texts to translate do, half in any order."""
    chance = zlib.crc32(target.encode(), zlib.crc32(source.encode()))
    words = _shared_word(source, target, chance) if chance % 1000 < 1000 * word_share else ()
    pair = mask_pair(source, target, words)
    if pair is None or not pair[0].values or chance & 1024:
        return pair
    symbols = list(SYMBOLS)
    random.Random(chance).shuffle(symbols)
    return mask_pair(source, target, words, symbols)


def _shared_word(source: str, target: str, chance: int) -> tuple[str, ...]:
    """A word that stands on both sides."""
    there = set(_WORD.findall(target))
    shared = [word for word in _WORD.findall(source) if word in there]
    return (shared[chance % len(shared)],) if shared else ()
