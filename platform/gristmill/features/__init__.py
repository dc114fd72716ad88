"""Feature columns and the Keras layers that they become, made from a dataset's statistics and vocabularies."""

from gristmill.features.columns import BucketColumn, CategoryColumn, Column, CrossColumn, NumberColumn
from gristmill.features.layers import Bucket, CrossIndex, IndexBag, Standardize

__all__ = [
    "Bucket",
    "BucketColumn",
    "CategoryColumn",
    "Column",
    "CrossColumn",
    "CrossIndex",
    "IndexBag",
    "NumberColumn",
    "Standardize",
]
