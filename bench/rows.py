"""Rows out of batches, to see that every reader delivers the same ones; needs no more than numpy and pyarrow."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

__all__ = ["NUMBERS", "TEXTS", "digest", "table_of"]

TEXTS = ("user", "item", "category")
NUMBERS = {"price": pa.float32(), "score": pa.float32(), "rate": pa.float32(), "count": pa.int64(), "time": pa.int64()}


def table_of(batches: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Batches of arrays by name as one table; texts may be str or bytes, and may be left out altogether."""
    types = {**dict.fromkeys(TEXTS, pa.string()), **NUMBERS}
    return pa.table(
        {
            name: pa.array(np.concatenate([np.asarray(batch[name]) for batch in batches])).cast(kind)
            for name, kind in types.items()
            if name in batches[0]
        }
    )


def digest(table: pa.Table) -> str:
    """A hash of the rows, whatever order they come in."""
    ordered = table.sort_by([(name, "ascending") for name in table.column_names])
    made = hashlib.sha256()
    for name in ordered.column_names:
        values = ordered.column(name).to_numpy()
        made.update(name.encode() + (values.astype("S") if values.dtype == object else values).tobytes())
    return made.hexdigest()
