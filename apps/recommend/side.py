"""Side features of users and items as index arrays, from the dataset's side tables."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.data.dataset import Dataset
from gristmill.features import CategoryColumn
from gristmill.schema import Feature, Kind

__all__ = ["SideFeature", "side_features"]

_BUCKETS = 10
_RECORDS_PER_TERM = 5
"""A category with fewer records a term says who someone is, not what they are like; it is left out."""


@dataclass(frozen=True)
class SideFeature:
    """One side feature of all users or of all items."""

    column: CategoryColumn
    values: NDArray[np.int32]
    """Indices by user or item, `[entities + 1]` or `[entities + 1, length]`; row 0 is the unknown one."""


def side_features(dataset: Dataset, table: str, key: str, ids: tuple[str, ...], width: int) -> list[SideFeature]:
    """The usable side features of a table: categories, lists of categories, and numbers in buckets.

    Args:
        dataset: The dataset.
        table: `items` or `users`; a dataset without that table has no features.
        key: The table's key.
        ids: Entities in the order of their indices.
        width: Embedding width of each feature.
    """
    if table not in dataset.manifest.tables:
        return []
    records = dataset.table(table)
    place = {name: row for row, name in enumerate(records.column(key).to_pylist())}
    rows = pa.array([place.get(name) for name in ids], pa.int64())
    made = []
    for feature in dataset.manifest.tables[table].record_schema.features:
        if feature.name != key and feature.kind is not Kind.TEXT:
            found = _values(dataset, table, feature, records.column(feature.name).take(rows))
            if found is not None:
                values, size = found
                unknown = np.zeros((1, *values.shape[1:]), np.int32)
                length = values.shape[1] if values.ndim == 2 else None
                column = CategoryColumn(f"{table[:-1]}_{feature.name}", size, length, width)
                made.append(SideFeature(column, np.concatenate([unknown, values])))
    return made


def _values(
    dataset: Dataset, table: str, feature: Feature, column: pa.ChunkedArray
) -> tuple[NDArray[np.int32], int] | None:
    """Indices and their number, or None where the feature is of no use."""
    if feature.dtype != "string":
        if feature.kind is Kind.SEQUENCE:
            return None
        return _bucketed(column.to_numpy().astype(np.float64))
    terms = dataset.vocabulary(f"{table}.{feature.name}")
    if not terms or len(terms) * _RECORDS_PER_TERM > len(column):
        return None
    index = {term: i + 1 for i, term in enumerate(terms)}
    if feature.kind is not Kind.SEQUENCE:
        return np.array([index.get(term, 0) for term in column.to_pylist()], np.int32), len(terms) + 1
    lists = [[index[term] for term in values or ()] for values in column.to_pylist()]
    length = max(1, *map(len, lists))
    padded = np.array([values + [0] * (length - len(values)) for values in lists], np.int32)
    return padded, len(terms) + 1


def _bucketed(numbers: NDArray[np.float64]) -> tuple[NDArray[np.int32], int] | None:
    """Ten buckets of about as many entities each; 0 where the number is missing."""
    present = np.isfinite(numbers)
    if not present.any():
        return None
    bounds = np.unique(np.quantile(numbers[present], np.arange(1, _BUCKETS) / _BUCKETS))
    buckets = 1 + np.searchsorted(bounds, numbers, side="right")
    return np.where(present, buckets, 0).astype(np.int32), len(bounds) + 2
