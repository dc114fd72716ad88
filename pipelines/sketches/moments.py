"""What is told of numbers: mean, variance, extremes, zeros, quantiles and distinct values."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.sketches.distinct import Distinct
from pipelines.sketches.quantiles import Quantiles
from pipelines.sketches.state import State, nested, part

__all__ = ["Moments"]

_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass
class Moments:
    """Count, mean, variance and extremes of numbers, merged without cancellation.

    Source: Chan, Golub, LeVeque 1979, http://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf
    """

    count: int = 0
    zeros: int = 0
    mean: float = 0.0
    squares: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")
    quantiles: Quantiles = field(default_factory=Quantiles)
    distinct: Distinct = field(default_factory=Distinct)

    def add(self, values: NDArray[Any]) -> None:
        """Adds integers or floats, none of them NaN or infinite."""
        if not values.size:
            return
        values = _sorted(values)  # once, for all that follows
        mean = float(values.mean(dtype=np.float64))
        off = np.subtract(values, mean, dtype=np.float64)
        self._shift(values.size, mean, float(np.square(off, out=off).sum()))
        self._stretch(float(values[0]), float(values[-1]))
        self.zeros += int(np.searchsorted(values, 0, "right") - np.searchsorted(values, 0, "left"))
        self.quantiles.add(values)
        self.distinct.add(values[np.append(True, values[1:] != values[:-1])])

    def merge(self, other: Self) -> None:
        """Adds what another has counted."""
        if other.count:
            self._shift(other.count, other.mean, other.squares)
            self._stretch(other.minimum, other.maximum)
            self.zeros += other.zeros
            self.quantiles.merge(other.quantiles)
            self.distinct.merge(other.distinct)

    def _shift(self, count: int, mean: float, squares: float) -> None:
        total = self.count + count
        delta = mean - self.mean
        self.squares += squares + delta * delta * self.count * count / total
        self.mean += delta * count / total
        self.count = total

    def _stretch(self, minimum: float, maximum: float) -> None:
        self.minimum = min(self.minimum, minimum)
        self.maximum = max(self.maximum, maximum)

    def summary(self) -> dict[str, Any]:
        """Mean, deviation (of the sample, as pandas gives it), extremes, zeros, quantiles, distinct values.

        Quantiles are exact up to 4,096 values, distinct values up to 8,191 of them; beyond that both are estimates.
        """
        if not self.count:
            return {}
        deviation = (self.squares / (self.count - 1)) ** 0.5 if self.count > 1 else 0.0
        quantiles = self.quantiles.of(_QUANTILES)
        return {
            "mean": self.mean,
            "deviation": deviation,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "zeros": self.zeros,
            "quantiles": {f"{q:g}": v for q, v in zip(_QUANTILES, quantiles, strict=True)},
            "distinct_estimate": min(self.distinct.estimate(), self.count),
        }

    def state(self) -> dict[str, pa.Array]:
        """The moments as arrays."""
        return {
            "counts": pa.array([self.count, self.zeros], pa.int64()),
            "sums": pa.array([self.mean, self.squares, self.minimum, self.maximum], pa.float64()),
            **nested("quantiles", self.quantiles.state()),
            **nested("distinct", self.distinct.state()),
        }

    @classmethod
    def of_state(cls, state: State) -> Self:
        """The moments from what `state` gave."""
        quantiles = Quantiles.of_state(part("quantiles", state))
        distinct = Distinct.of_state(part("distinct", state))
        count, zeros = state["counts"].to_pylist()
        mean, squares, minimum, maximum = state["sums"].to_pylist()
        return cls(count, zeros, mean, squares, minimum, maximum, quantiles, distinct)


def _sorted(values: NDArray[Any]) -> NDArray[Any]:
    """The values in ascending order; integers of a narrow range are counted, those of a middling one sorted as 32 bits."""
    if values.dtype.kind == "f":
        return np.sort(values).astype(np.float64, copy=False)
    values = values.astype(np.int64, copy=False)
    low, high = int(values.min()), int(values.max())
    if high - low <= len(values):
        return np.repeat(np.arange(low, high + 1), np.bincount(values - low))
    if high - low < 1 << 32:
        return np.sort((values - low).astype(np.uint32)).astype(np.int64) + low
    return np.sort(values)
