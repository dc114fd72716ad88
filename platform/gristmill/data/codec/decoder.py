"""Framed Examples to Arrow tables."""

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from gristmill.data.codec.columns import packed_columns, packed_features, plain_columns, plain_features
from gristmill.data.codec.frames import Frames, split_frames
from gristmill.data.codec.records import HarmedRecordError, find_features
from gristmill.data.plan import Layout
from gristmill.errors import IntegrityError

__all__ = ["decode", "decode_frames"]

_PART_BYTES = 1 << 22
"""Records decoded at once: they stay in the cache, and no Arrow array outgrows its offsets of 32 bits."""


def decode(frames: Any, schema: pa.Schema, layout: Layout) -> pa.Table:
    """The table that `encode` made frames of.

    Args:
        frames: Bytes, or anything that has a buffer of them.
        schema: Columns to read; others are passed over.
        layout: How rows stand in Examples.

    Raises:
        IntegrityError: A record is cut, changed, or no Example of the schema; the message tells which.
    """
    found = split_frames(np.frombuffer(frames, np.uint8))
    if found.used != len(found.data):
        raise IntegrityError(f"record {len(found.starts)} is cut")
    cuts = np.searchsorted(found.stops, np.arange(0, found.used, _PART_BYTES))
    tables = [
        decode_frames(Frames(found.data, found.starts[a:b], found.stops[a:b], found.used), schema, layout, int(a))
        for a, b in pairwise([*np.unique(cuts), len(found.starts)])
    ]
    return pa.concat_tables(tables) if tables else schema.empty_table()


def decode_frames(frames: Frames, schema: pa.Schema, layout: Layout, first: int = 0) -> pa.Table:
    """The table of records that are already found; `first` is the number of the first one, for the error."""
    try:
        if layout.kind == "packed":
            arrays = packed_columns(find_features(frames, packed_features(schema)), schema)
        else:
            arrays = plain_columns(find_features(frames, plain_features(schema)), schema)
    except HarmedRecordError as error:
        raise IntegrityError(f"record {first + error.record} is not a tf.train.Example of this schema") from error
    return pa.Table.from_arrays(arrays, schema=schema)
