"""What an ingestion shall do: sources, their schemas, how records are split, and how many shards are written."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gristmill.schema import Schema

__all__ = ["HashSplit", "IngestPlan", "SPLITS", "Source", "TimeSplit"]

SPLITS = ("train", "validation", "test")

Fractions = tuple[
    Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]
]


class _Split(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

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

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    paths: tuple[str, ...]
    record_schema: Schema
    unique: tuple[str, ...] = ()
    """Features that no two records may share; the later record goes to quarantine. Empty: all are kept."""


class IngestPlan(BaseModel):
    """The whole of an ingestion.

    `records` become TFRecord shards by split; `tables` are small side tables (one Parquet file each), unique by their
    key, such as the catalogue of items.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    app: str
    records: Source
    split: Annotated[HashSplit | TimeSplit, Field(discriminator="kind")]
    tables: tuple[Source, ...] = ()
    shards: Annotated[int, Field(ge=1, le=99999)] | None = None
    """Shards a split; None takes one for every 16 MiB of source."""
    info: dict[str, str] = {}
    """What shall stand in the manifest about the data: title, licence, citation, origin."""

    @model_validator(mode="after")
    def _known_features(self) -> Self:
        names = self.records.record_schema.names
        wanted = [self.split.key, *self.records.unique]
        wanted += self.split.order_by if isinstance(self.split, TimeSplit) else ()
        lacking = sorted(set(wanted) - set(names))
        if lacking:
            raise ValueError(f"split and unique must name features of the records. Received: {', '.join(lacking)}")
        return self

    @property
    def sources(self) -> tuple[Source, ...]:
        """Records and tables."""
        return (self.records, *self.tables)
