"""What an ingestion shall do: sources, their schemas, how records are split, and how many shards are written."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gristmill.schema import Schema

__all__ = ["Derivation", "HashSplit", "IngestPlan", "Layout", "ORDER_FEATURES", "SPLITS", "Source", "TimeSplit"]

SPLITS = ("train", "validation", "test")
ORDER_FEATURES = ("position", "key_records")
"""Features that a split by time adds."""

Fractions = tuple[
    Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]
]


class _Split(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    key: str
    """Feature whose value decides; all records of one value are handled together."""
    fractions: Fractions = (0.8, 0.1, 0.1)
    """Shares of train, validation and test; they add up to 1."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if abs(sum(self.fractions) - 1) > 1e-9:
            raise ValueError(f"fractions must add up to 1. Received: {self.fractions}")
        return self


class HashSplit(_Split):
    """Splits by a hash of the key: all records of a key stand in one split, also when data is added or re-sharded."""

    kind: Literal["hash"] = "hash"


class TimeSplit(_Split):
    """Splits each key's records by their order: the first for train, the last for test.

    Records are ordered by `order_by`; each gets its place (`position`, from 0) and the number of records of its key
    (`key_records`) as features of their own.
    """

    kind: Literal["time"] = "time"
    order_by: tuple[str, ...]


class Source(BaseModel):
    """One kind of record and the files that hold it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    paths: tuple[str, ...]
    record_schema: Schema
    columns: tuple[str, ...] = ()
    """Names of the columns of CSV and TSV files that have no header line."""
    unique: tuple[str, ...] = ()
    """Features that no two records may share; the later record goes to quarantine. Empty: all are kept."""


class Derivation(BaseModel):
    """A function that makes the records from all files of the source together, such as the steps of a time series."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    function: str
    """`module:name`; what it takes and gives is told in `pipelines.derive`."""
    options: dict[str, Any] = {}
    """What it gets beside the files: values that JSON knows."""
    on_runner: bool = False
    """Whether it runs a pipeline of its own: it then gets a `pipelines.derive.Place` as well."""


class Layout(BaseModel):
    """How records stand in the TFRecord shards of a dataset.

    `plain` has one `tf.train.Example` a record, which any reader of TFRecord takes. `packed` has one Example for many
    records, each feature holding their values one after the other, which reads several times as fast.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    kind: Literal["plain", "packed"] = "plain"
    rows: Annotated[int, Field(ge=1, le=1 << 16)] = 1024
    """Records an Example of the packed layout; the last one of a shard may hold fewer."""
    compression: Literal["gzip", "none"] = "gzip"

    @property
    def suffix(self) -> str:
        """Ending of a shard's name."""
        return ".tfrecord.gz" if self.compression == "gzip" else ".tfrecord"


class IngestPlan(BaseModel):
    """The whole of an ingestion.

    `records` become TFRecord shards by split; `tables` are small side tables (one Parquet file each), unique by their
    key, such as the catalogue of items.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    app: str
    records: Source
    split: Annotated[HashSplit | TimeSplit, Field(discriminator="kind")]
    tables: tuple[Source, ...] = ()
    derivation: Derivation | None = None
    """Makes the records, and the features that `records` does not name yet; None where each record is one of a file."""
    shards: Annotated[int, Field(ge=1, le=99999)] | None = None
    """Shards a split; None takes one for every 16 MiB of source."""
    layout: Layout = Layout()
    memory_bytes: Annotated[int, Field(ge=1 << 30)] = 2 << 30
    """Most memory that a process shall need; it bounds the size of a shard where `shards` is None."""
    info: dict[str, str] = {}
    """What shall stand in the manifest about the data: title, licence, citation, origin."""

    @model_validator(mode="after")
    def _known_features(self) -> Self:
        order_by = self.split.order_by if isinstance(self.split, TimeSplit) else ()
        for source in self.sources:
            wanted = {*source.unique, *((self.split.key, *order_by) if source is self.records else ())}
            lacking = sorted(wanted - set(source.record_schema.names))
            if lacking:
                raise ValueError(
                    f"split and unique must name features of {source.name}. Received: {', '.join(lacking)}"
                )
        if self.records.unique and self.split.key not in self.records.unique:
            raise ValueError(
                f"unique of the records must hold the split's key {self.split.key!r}, by which equal records meet. "
                f"Received: {', '.join(self.records.unique)}"
            )
        taken = sorted(set(ORDER_FEATURES) & set(self.records.record_schema.names))
        if isinstance(self.split, TimeSplit) and taken:
            raise ValueError(
                f"a split by time adds features of its own. Received as the records' too: {', '.join(taken)}"
            )
        return self

    @model_validator(mode="after")
    def _derived_alone(self) -> Self:
        if self.derivation and self.tables:
            raise ValueError(f"records that are derived come without tables. Received: {len(self.tables)}")
        return self

    @model_validator(mode="after")
    def _own_names(self) -> Self:
        names = [*SPLITS, "records", *(table.name for table in self.tables)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"tables need names of their own. Received: {', '.join(twice)}")
        return self

    @property
    def sources(self) -> tuple[Source, ...]:
        """Records and tables."""
        return (self.records, *self.tables)
