"""Quantiles of any number of values in a little memory; the same values in the same order give the same figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.sketches.state import State

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

    def add(self, values: NDArray[Any]) -> None:
        """Adds numbers in ascending order, none of them NaN.

        Of more than fit a level, the middle one of every 2**i goes to level i at once, and what is left over to level 0.
        """
        level = (max(len(values) - 1, 0) // _CAPACITY).bit_length()
        stride = 1 << level
        whole = len(values) // stride * stride
        if level:
            self._grow(level)
            middle = stride // 2 - self.turns[level]
            self.turns[level] ^= 1
            self._put(level, values[middle:whole:stride])
            values = values[whole:]
        self._put(0, values)
        self._compact()

    def merge(self, other: Self) -> None:
        """Adds what another has seen."""
        for level, values in enumerate(other.levels):
            self._put(level, values)
        self._compact()

    def of(self, shares: Sequence[float]) -> list[float]:
        """For each share the smallest value such that at least this share of the values is not above it."""
        values, reached = self._ranks()
        places = np.searchsorted(reached, np.asarray(shares) * reached[-1] * (1 - 1e-12))
        return [float(value) for value in values[np.minimum(places, len(values) - 1)]]

    def below(self, edges: Sequence[float], *, strict: bool = False) -> list[float]:
        """For each edge the share of the values that are not above it, or with `strict` that are below it."""
        values, reached = self._ranks()
        places = np.searchsorted(values, np.asarray(edges, np.float64), side="left" if strict else "right")
        return [float(share) for share in np.append(0.0, reached)[places] / reached[-1]]

    def state(self) -> dict[str, pa.Array]:
        """The levels as arrays."""
        values = np.concatenate(self.levels) if self.levels else np.empty(0)
        sizes = np.array([len(level) for level in self.levels], np.int64)
        return {"values": pa.array(values), "sizes": pa.array(sizes), "turns": pa.array(self.turns, pa.int8())}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """The quantiles from what `state` gave."""
        sizes = state["sizes"].to_numpy()
        levels = np.split(state["values"].to_numpy(), np.cumsum(sizes)[:-1]) if len(sizes) else []
        return cls(levels, state["turns"].to_pylist())

    def _ranks(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """All values in ascending order, and the weight of each and all before it."""
        values = np.concatenate(self.levels)
        weights = np.repeat(2.0 ** np.arange(len(self.levels)), [len(level) for level in self.levels])
        order = np.argsort(values, kind="stable")
        return values[order], np.cumsum(weights[order])

    def _grow(self, level: int) -> None:
        while len(self.levels) <= level:
            self.levels.append(np.empty(0))
            self.turns.append(0)

    def _put(self, level: int, values: NDArray[Any]) -> None:
        self._grow(level)
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
