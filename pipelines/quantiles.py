"""Quantiles of any number of values in a little memory; the same values in the same order give the same figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Quantiles"]

_CAPACITY = 4096
"""Values a level; up to this many in all, quantiles are exact."""


@dataclass
class Quantiles:
    """A stack of buffers, each value of level i standing for 2**i; a full level passes every second value up.

    The rank of a quantile is off by at most about log2(n / 4096) / 8192 of n, in practice a third of that. Which half goes
    up takes turns and is not drawn by chance, as it is in KLL (which is why that one differs from run to run).
    Source: Manku, Rajagopalan, Lindsay 1998, https://doi.org/10.1145/276304.276342
    """

    levels: list[NDArray[np.float64]] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)

    def add(self, values: NDArray[np.float64]) -> None:
        """Adds numbers, none of them NaN."""
        self._put(0, values)
        self._compact()

    def merge(self, other: Self) -> None:
        """Adds what another has seen."""
        for level, values in enumerate(other.levels):
            self._put(level, values)
        self._compact()

    def of(self, shares: Sequence[float]) -> list[float]:
        """For each share the smallest value such that at least this share of the values is not above it."""
        values = np.concatenate(self.levels)
        weights = np.repeat(2.0 ** np.arange(len(self.levels)), [len(level) for level in self.levels])
        order = np.argsort(values, kind="stable")
        reached = np.cumsum(weights[order])
        places = np.searchsorted(reached, np.asarray(shares) * reached[-1] * (1 - 1e-12))
        return [float(value) for value in values[order][np.minimum(places, len(values) - 1)]]

    def _put(self, level: int, values: NDArray[np.float64]) -> None:
        while len(self.levels) <= level:
            self.levels.append(np.empty(0))
            self.turns.append(0)
        self.levels[level] = np.concatenate([self.levels[level], values])

    def _compact(self) -> None:
        level = 0
        while level < len(self.levels):
            values = self.levels[level]
            if len(values) > _CAPACITY:
                values = np.sort(values)
                even = len(values) // 2 * 2
                self._put(level + 1, values[self.turns[level] : even : 2])
                self.levels[level] = values[even:]
                self.turns[level] ^= 1
            level += 1
