"""How many different numbers there are: exact for a few thousand, an estimate beyond."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.sketches.state import State

__all__ = ["Distinct"]

_KEPT = 8192
"""Hashes kept; the estimate's standard error is 1 / sqrt(_KEPT - 2), about 1.1%."""


@dataclass
class Distinct:
    """The smallest hashes of the values: where the 8,192nd lies tells how many there are.

    It takes whole arrays, which the sketches of datasketches 5.2 do not, and the same values give the same bytes in any
    order. Source: Beyer et al. 2007, "On synopses for distinct-value estimation under multiset operations",
    https://doi.org/10.1145/1247480.1247504
    """

    hashes: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    """Sorted, each once."""

    def add(self, values: NDArray[Any]) -> None:
        """Adds numbers of 64 bits."""
        self._put(_hash(values))

    def merge(self, other: Self) -> None:
        """Adds what another has seen."""
        self._put(other.hashes)

    def estimate(self) -> int:
        """The number of different values; exact where there are fewer than 8,192."""
        if len(self.hashes) < _KEPT:
            return len(self.hashes)
        return round((_KEPT - 1) * 2.0**64 / float(self.hashes[-1]))

    def state(self) -> dict[str, pa.Array]:
        """The sketch as arrays."""
        return {"hashes": pa.array(self.hashes)}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """The sketch from what `state` gave."""
        return cls(state["hashes"].to_numpy())

    def _put(self, hashes: NDArray[np.uint64]) -> None:
        if len(self.hashes) == _KEPT:
            hashes = hashes[hashes < self.hashes[-1]]
        if hashes.size:
            merged = np.concatenate([self.hashes, np.sort(hashes)])
            merged.sort(kind="stable")  # two runs, which it merges
            self.hashes = merged[np.append(True, merged[1:] != merged[:-1])][:_KEPT]


def _hash(values: NDArray[Any]) -> NDArray[np.uint64]:
    """A hash of each number's bits (the finaliser of SplitMix64, https://prng.di.unimi.it/splitmix64.c)."""
    bits = values.view(np.uint64) if values.dtype.kind == "i" else (values + 0.0).view(np.uint64)  # -0.0 is 0.0
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
