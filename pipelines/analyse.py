"""Statistics of each feature, as sums that merge: counts, moments, quantiles and terms in one pass over Arrow tables."""

from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from gristmill.errors import IntegrityError
from gristmill.schema import Feature, Kind, Schema
from pipelines.sketches import Moments, Terms
from pipelines.sketches.state import State, nested, part

__all__ = ["FeatureStatistics", "Statistics"]

_TOP = 20


@dataclass
class FeatureStatistics:
    """What is counted of one feature."""

    count: int = 0
    missing: int = 0
    empty: int = 0
    """Lists without elements, or texts without characters."""
    length: Moments | None = None
    """Elements of a list (of lists: the outer one's), or characters of a text."""
    moments: Moments | None = None
    """Of numbers and times, and of those in lists at any depth."""
    terms: Terms | None = None
    """Counts of what goes into a vocabulary."""
    codes: Terms | None = None
    """Counts of the whole numbers of a category, which have no vocabulary."""

    @classmethod
    def of(cls, feature: Feature) -> Self:
        """Empty statistics with the parts that the feature's kind needs."""
        return cls(
            length=Moments() if feature.kind in (Kind.SEQUENCE, Kind.TEXT) else None,
            moments=Moments() if feature.dtype != "string" else None,
            terms=Terms() if feature.has_vocabulary else None,
            codes=Terms(pa.int64()) if (feature.kind, feature.dtype) == (Kind.CATEGORY, "int64") else None,
        )

    def add(self, column: pa.Array | pa.ChunkedArray) -> None:
        """Adds a column of checked values."""
        self.count += len(column)
        self.missing += column.null_count
        values = column.drop_null() if column.null_count else column
        if self.length is not None:
            nested_type = pa.types.is_nested(values.type)
            lengths = pc.list_value_length(values) if nested_type else pc.utf8_length(values)
            self.length.add(_numbers(lengths))
            self.empty += int(pc.sum(pc.equal(lengths, 0)).as_py() or 0)
            values = pc.list_flatten(values, recursive=True) if nested_type else values
        if self.moments is not None:
            self.moments.add(_numbers(values))
        for terms in (self.terms, self.codes):
            if terms is not None:
                terms.add(values)

    def merge(self, other: Self) -> None:
        """Adds what another has counted of the same feature."""
        self.count += other.count
        self.missing += other.missing
        self.empty += other.empty
        for name in _PARTS:
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine is not None and theirs is not None:
                mine.merge(theirs)

    def summary(self) -> dict[str, Any]:
        """The figures as they stand in `statistics.json`."""
        made: dict[str, Any] = {"count": self.count, "missing": self.missing}
        if self.count:
            made["missing_share"] = self.missing / self.count
        if self.length is not None:
            made |= {"empty": self.empty, "length": self.length.summary()}
        if self.moments is not None:
            made |= self.moments.summary()
        for terms in (self.terms, self.codes):
            if terms is not None:
                names, counts = (column.to_pylist() for column in terms.ranked(_TOP))
                made["distinct"] = len(terms)
                made["top"] = [[str(name), count] for name, count in zip(names, counts, strict=True)]
        return made

    def state(self) -> dict[str, pa.Array]:
        """What is counted, as arrays."""
        made = {"counts": pa.array([self.count, self.missing, self.empty], pa.int64())}
        for name in _PARTS:
            if (found := getattr(self, name)) is not None:
                made |= nested(name, found.state())
        return made

    @classmethod
    def of_state(cls, state: State) -> Self:
        """The statistics from what `state` gave."""
        parts: Any = {name: kind.of_state(found) for name, kind in _PARTS.items() if (found := part(name, state))}
        return cls(*state["counts"].to_pylist(), **parts)


_PARTS: dict[str, type[Moments] | type[Terms]] = {"length": Moments, "moments": Moments, "terms": Terms, "codes": Terms}


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
            statistics.add(table.column(name))
        return self

    def merge(self, other: Self) -> Self:
        """Adds what another has counted; the same parts in the same order give the same bytes."""
        for name, statistics in self.features.items():
            statistics.merge(other.features[name])
        return self

    def summary(self) -> dict[str, Any]:
        """The figures of every feature, by name."""
        return {name: statistics.summary() for name, statistics in self.features.items()}

    def to_bytes(self) -> bytes:
        """All that is counted, to be stored and merged later: an Arrow IPC file of one row, a list a column."""
        columns = {
            f"{name}/{key}": pa.LargeListArray.from_arrays(pa.array([0, len(array)], pa.int64()), array)
            for name, statistics in self.features.items()
            for key, array in statistics.state().items()
        }
        sink = pa.BufferOutputStream()
        batch = pa.RecordBatch.from_pydict(columns)
        with pa.ipc.new_file(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_batch(batch)
        return bytes(sink.getvalue())

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Reads what `to_bytes` wrote; equal to the last bit.

        Raises:
            IntegrityError: The bytes are not what it wrote.
        """
        try:
            table = pa.ipc.open_file(pa.py_buffer(stored)).read_all().combine_chunks()
            states: dict[str, dict[str, pa.Array]] = {}
            for column in table.column_names:
                name, _, key = column.rpartition("/")
                states.setdefault(name, {})[key] = table.column(column).chunk(0).values
            return cls({name: FeatureStatistics.of_state(state) for name, state in states.items()})
        except (pa.ArrowInvalid, KeyError, IndexError, AttributeError, TypeError) as error:
            raise IntegrityError(f"stored statistics must be as `Statistics.to_bytes` wrote them: {error}") from error

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        """Travels between processes as it is stored."""
        return type(self).from_bytes, (self.to_bytes(),)


def _numbers(column: pa.Array | pa.ChunkedArray) -> Any:
    """Numbers without nulls as a numpy array."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return column.drop_null().to_numpy(zero_copy_only=False)
