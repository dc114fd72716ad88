"""Cleans a batch of pairs: normalised texts, the same with symbols for what stays as it is, and what is set aside."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from apps.translation.cleaning.masking import mask_all
from apps.translation.cleaning.normalise import changed, normalise
from apps.translation.cleaning.rules import RULES_ON_MASKED, RULES_ON_TEXT, Broken, Limits

__all__ = ["Aside", "Cleaned", "clean"]

Aside = tuple[int, str]
"""Row and reason; the reason begins with the rule's name and a colon."""


@dataclass(frozen=True)
class Cleaned:
    """What is left of a batch, and what is not."""

    rows: NDArray[np.int64]
    """Which rows are left."""
    columns: dict[str, pa.Array]
    """Their `source` and `target`, normalised, and `masked_source` and `masked_target`."""
    aside: tuple[Aside, ...]
    normalised: int
    """Texts that normalising changed."""


@dataclass
class _Left:
    """The pairs that no rule has set aside yet, and those that one has."""

    rows: NDArray[np.int64]
    columns: dict[str, pa.Array]
    aside: list[Aside] = field(default_factory=list)

    def drop(self, name: str, text: str, broken: Broken) -> None:
        """Sets aside the rows that break a rule."""
        if not broken.rows.size:
            return
        told = zip(self.rows[broken.rows].tolist(), broken.received, strict=True)
        self.aside += [(row, f"{name}: {text}. Received: {received}") for row, received in told]
        keep = np.ones(len(self.rows), bool)
        keep[broken.rows] = False
        self.rows = self.rows[keep]
        self.columns = {key: column.filter(pa.array(keep)) for key, column in self.columns.items()}


def clean(source: pa.Array, target: pa.Array, limits: Limits) -> Cleaned:
    """Cleans pairs; each is left or is set aside by the first rule that it breaks.

    Args:
        source: Texts.
        target: Their translations, as many.
        limits: What the rules go by.
    """
    left = _Left(np.arange(len(source)), {"source": normalise(source), "target": normalise(target)})
    count = changed(source, left.columns["source"]) + changed(target, left.columns["target"])
    for rule in RULES_ON_TEXT:
        if rule.name not in limits.kept:
            left.drop(rule.name, rule.text(limits), rule.find(left.columns, limits))
    masked = mask_all(left.columns, limits)
    left.columns |= masked.columns
    left.drop("placeholders", "placeholders and tags must be the same on both sides", masked.broken)
    for rule in RULES_ON_MASKED:
        if rule.name not in limits.kept:
            left.drop(rule.name, rule.text(limits), rule.find(left.columns, limits))
    return Cleaned(left.rows, left.columns, tuple(sorted(left.aside)), count)
