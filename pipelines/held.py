"""The records that a dataset holds already, when files are added to it."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from gristmill.data.dataset import arrow_type
from gristmill.data.manifest import Manifest
from gristmill.data.plan import ORDER_FEATURES, Source
from gristmill.data.tfrecord import read_shard
from pipelines.arrange import FILE, HELD
from pipelines.check import arrow_schema
from pipelines.sources import POSITION

__all__ = ["held_records", "known_values"]


def known_values(folder: Path, base: Manifest, source: Source, place: int) -> pa.Table:
    """The unique features of the records of one partition."""
    schema = pa.schema([(name, arrow_type(source.record_schema[name])) for name in source.unique])
    return _read(folder, base, place, schema)


def held_records(folder: Path, base: Manifest, source: Source, place: int) -> pa.Table:
    """The records of one partition of a dataset that is split by time, as if they came from a file before all others.

    Records of one key stand in their order, so that where the new ones say nothing of it, it stays.
    """
    order = ORDER_FEATURES[0]
    features = arrow_schema(source.record_schema).remove(0)
    table = _read(folder, base, place, features.append(pa.field(order, pa.int64())))
    table = table.take(pa.array(np.argsort(table.column(order).to_numpy(), kind="stable"))).select(features.names)
    table = table.add_column(0, POSITION, pa.array(np.arange(table.num_rows)))
    return table.append_column(FILE, pa.array(np.full(table.num_rows, HELD, np.int32)))


def _read(folder: Path, base: Manifest, place: int, schema: pa.Schema) -> pa.Table:
    shards = [entry for entries in base.splits.values() for entry in entries if f"-{place:05d}-of-" in entry.name]
    tables = [
        table for entry in shards for table in read_shard(folder / entry.name, schema, base.layout, entry.records)
    ]
    return pa.concat_tables(tables) if tables else schema.empty_table()
