"""Statistics of each feature, as sums that merge: counts, moments, quantiles and terms in one pass over Arrow batches."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

import datasketches as ds
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.schema import Feature, Kind, Schema
from pipelines.quantiles import Quantiles

__all__ = ["FeatureStatistics", "Moments", "Statistics", "ranked"]

_HLL_LOG2_REGISTERS = 14
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_TOP = 20


@dataclass
class Moments:
    """Count, mean, variance and extremes of numbers, merged without cancellation.

    Source: Chan, Golub, LeVeque 1979, http://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf
    """

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")
    quantiles: Quantiles = field(default_factory=Quantiles)
    distinct: ds.hll_union = field(default_factory=lambda: ds.hll_union(_HLL_LOG2_REGISTERS))

    def add(self, values: NDArray[np.float64]) -> None:
        """Adds numbers, none of them NaN."""
        if not values.size:
            return
        mean = float(values.mean())
        self._shift(values.size, mean, float(((values - mean) ** 2).sum()))
        self.minimum = min(self.minimum, float(values.min()))
        self.maximum = max(self.maximum, float(values.max()))
        self.quantiles.add(values)
        sketch = ds.hll_sketch(_HLL_LOG2_REGISTERS)
        for value in np.unique(values).tolist():
            sketch.update(value)
        self.distinct.update(sketch)

    def merge(self, other: Self) -> None:
        """Adds what another has counted."""
        if other.count:
            self._shift(other.count, other.mean, other.squares)
            self.minimum = min(self.minimum, other.minimum)
            self.maximum = max(self.maximum, other.maximum)
            self.quantiles.merge(other.quantiles)
            self.distinct.update(other.distinct.get_result())

    def _shift(self, count: int, mean: float, squares: float) -> None:
        total = self.count + count
        delta = mean - self.mean
        self.squares += squares + delta * delta * self.count * count / total
        self.mean += delta * count / total
        self.count = total

    def summary(self) -> dict[str, Any]:
        """Mean, deviation (of the sample, as pandas gives it), extremes, quantiles, distinct values (an estimate)."""
        if not self.count:
            return {}
        deviation = (self.squares / (self.count - 1)) ** 0.5 if self.count > 1 else 0.0
        quantiles = self.quantiles.of(_QUANTILES)
        return {
            "mean": self.mean,
            "deviation": deviation,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "quantiles": {f"{q:g}": v for q, v in zip(_QUANTILES, quantiles, strict=True)},
            "distinct_estimate": round(self.distinct.get_estimate()),
        }

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        state["distinct"] = self.distinct.get_result().serialize_updatable()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.distinct = ds.hll_union(_HLL_LOG2_REGISTERS)
        self.distinct.update(ds.hll_sketch.deserialize(state["distinct"]))


@dataclass
class FeatureStatistics:
    """What is counted of one feature."""

    count: int = 0
    missing: int = 0
    empty: int = 0
    """Lists without elements, or texts without characters."""
    length: Moments | None = None
    """Elements of a list, or characters of a text."""
    moments: Moments | None = None
    terms: Counter[str] | None = None

    @classmethod
    def of(cls, feature: Feature) -> Self:
        """Empty statistics with the parts that the feature's kind needs."""
        return cls(
            length=Moments() if feature.kind in (Kind.SEQUENCE, Kind.TEXT) else None,
            moments=Moments() if feature.dtype != "string" else None,
            terms=Counter() if feature.has_vocabulary else None,
        )

    def add(self, column: pa.Array) -> None:
        """Adds a column of checked values."""
        self.count += len(column)
        self.missing += column.null_count
        values = column.drop_null()
        if self.length is not None:
            nested = pa.types.is_list(values.type)
            lengths = pc.list_value_length(values) if nested else pc.utf8_length(values)
            self.length.add(lengths.to_numpy(zero_copy_only=False).astype(np.float64))
            self.empty += int(pc.sum(pc.equal(lengths, 0)).as_py() or 0)
            values = values.flatten() if nested else values
        if self.moments is not None:
            self.moments.add(values.to_numpy(zero_copy_only=False).astype(np.float64))
        if self.terms is not None:
            terms, counts = pc.value_counts(values).flatten()
            self.terms.update(dict(zip(terms.to_pylist(), counts.to_pylist(), strict=True)))

    def merge(self, other: Self) -> None:
        """Adds what another has counted of the same feature."""
        self.count += other.count
        self.missing += other.missing
        self.empty += other.empty
        for name in ("length", "moments"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine is not None and theirs is not None:
                mine.merge(theirs)
        if self.terms is not None and other.terms is not None:
            self.terms.update(other.terms)

    def summary(self) -> dict[str, Any]:
        """The figures as they stand in `statistics.json`."""
        made: dict[str, Any] = {"count": self.count, "missing": self.missing}
        if self.length is not None:
            made |= {"empty": self.empty, "length": self.length.summary()}
        if self.moments is not None:
            made |= self.moments.summary()
        if self.terms is not None:
            made["distinct"] = len(self.terms)
            made["top"] = [[term, count] for term, count in ranked(self.terms)[:_TOP]]
        return made


@dataclass
class Statistics:
    """Statistics of every feature of one split or table."""

    features: dict[str, FeatureStatistics]

    @classmethod
    def of(cls, schema: Schema) -> Self:
        """Empty statistics for a schema."""
        return cls({feature.name: FeatureStatistics.of(feature) for feature in schema.features})

    def add(self, table: pa.Table) -> Self:
        """Adds the records of a table."""
        for name, statistics in self.features.items():
            statistics.add(table.column(name).combine_chunks())
        return self

    def merge(self, other: Self) -> Self:
        """Adds what another has counted."""
        for name, statistics in self.features.items():
            statistics.merge(other.features[name])
        return self

    def summary(self) -> dict[str, Any]:
        """The figures of every feature, by name."""
        return {name: statistics.summary() for name, statistics in self.features.items()}


def ranked(terms: Counter[str]) -> list[tuple[str, int]]:
    """Terms and counts, most frequent first, equal ones by term."""
    return sorted(terms.items(), key=lambda entry: (-entry[1], entry[0]))
