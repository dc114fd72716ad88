"""Where two systems differ most, and how good a system is on short and on long sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.translation.evaluation.scores import score, sentence_scores

__all__ = ["Example", "LengthScores", "by_length", "largest_differences", "largest_errors"]

_EDGES = (5, 10, 20, 40)


@dataclass(frozen=True)
class Example:
    """A sentence as two systems translate it, with the chrF of each."""

    number: int
    """Its place in the test set, from 1."""
    source: str
    reference: str
    ours: str
    theirs: str
    our_score: float
    their_score: float


@dataclass(frozen=True)
class LengthScores:
    """Scores of the sentences of like length."""

    words: str
    """Words of the source sentence, such as "6-10"."""
    sentences: int
    bleu: float
    chrf: float


def largest_differences(
    sources: Sequence[str], references: Sequence[str], ours: Sequence[str], theirs: Sequence[str], count: int
) -> tuple[list[Example], list[Example]]:
    """The sentences on which we are ahead the most, and those on which the other is; each at most `count`, largest first.

    All four have a line for each sentence.
    """
    scores = zip(sentence_scores(ours, references), sentence_scores(theirs, references), strict=True)
    rows = zip(sources, references, ours, theirs, scores, strict=True)
    found = [Example(number, *row[:4], *row[4]) for number, row in enumerate(rows, start=1)]
    found.sort(key=lambda one: (one.their_score - one.our_score, one.number))
    ahead = [one for one in found if one.our_score > one.their_score]
    behind = [one for one in reversed(found) if one.our_score < one.their_score]
    return ahead[:count], behind[:count]


def largest_errors(sources: Sequence[str], references: Sequence[str], ours: Sequence[str], count: int) -> list[Example]:
    """The sentences with the lowest chrF, the lowest first; `theirs` is the source, as a translator that does nothing."""
    scores = zip(sentence_scores(ours, references), sentence_scores(sources, references), strict=True)
    rows = zip(sources, references, ours, sources, scores, strict=True)
    found = [Example(number, *row[:4], *row[4]) for number, row in enumerate(rows, start=1)]
    return sorted(found, key=lambda one: (one.our_score, one.number))[:count]


def by_length(
    sources: Sequence[str], references: Sequence[str], translations: Sequence[str], edges: Sequence[int] = _EDGES
) -> list[LengthScores]:
    """Scores of the sentences with up to each number of words, and of those with more; empty groups are left out."""
    groups: dict[str, list[int]] = {}
    lows = [1, *(edge + 1 for edge in edges)]
    names = [f"{low}-{high}" for low, high in zip(lows, edges, strict=False)] + [f"{lows[-1]} and more"]
    for index, source in enumerate(sources):
        words = len(source.split())
        group = sum(words > edge for edge in edges)
        groups.setdefault(names[group], []).append(index)
    found = []
    for name in names:
        if rows := groups.get(name):
            scores = score([translations[row] for row in rows], [references[row] for row in rows]).values
            found.append(LengthScores(name, len(rows), scores["bleu"], scores["chrf"]))
    return found
