"""Indices of categories, one a record, straight from a dense tensor: what the sparse way gives, with fewer operations."""

from typing import Any

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from gristmill.estimator.columns.features import Features
from gristmill.estimator.columns.state import State

__all__ = ["single_ids"]


def single_ids(column: Any, features: Features, state: State) -> Any:
    """`[batch]` int64 indices of a categorical column, negative where there is none.

    An empty string and -1 stand for a missing value, as they do wherever a dense tensor meets a categorical column.

    Returns:
        None where the column is of another kind, or where its feature may hold several values a record.
    """
    if isinstance(column, fc.BucketizedColumn):
        if column.source_column.shape != (1,):
            return None
        return tf.cast(tf.reshape(features.cache.get(column, state), [-1]), tf.int64)
    find = _FINDERS.get(type(column))
    raw = features.single(column.key) if find else None
    if find is None or raw is None or raw.dtype not in (tf.string, tf.int32, tf.int64):
        return None
    found = find(column, raw, state)
    if _missing_is_unknown(column):
        return found
    return tf.where(raw == _missing(raw.dtype), tf.constant(-1, tf.int64), found)


def _missing(dtype: tf.DType) -> Any:
    return "" if dtype == tf.string else -1


def _missing_is_unknown(column: Any) -> bool:
    """Whether a missing value gets a negative index by itself."""
    if isinstance(column, fc.IdentityCategoricalColumn):
        return column.default_value is None
    if isinstance(column, fc.VocabularyListCategoricalColumn):
        known = _missing(column.dtype) in column.vocabulary_list
        return not known and column.num_oov_buckets == 0 and column.default_value < 0
    return False


def _identity(column: Any, raw: Any, state: State) -> Any:
    ids = tf.cast(raw, tf.int64)
    if column.default_value is None:
        return ids
    return tf.where((ids < 0) | (ids >= column.num_buckets), tf.cast(column.default_value, tf.int64), ids)


def _hashed(column: Any, raw: Any, state: State) -> Any:
    text = raw if raw.dtype == tf.string else tf.strings.as_string(raw)
    return tf.strings.to_hash_bucket_fast(text, column.hash_bucket_size)


def _looked_up(column: Any, raw: Any, state: State) -> Any:
    return column._transform_input_tensor(raw, state)


_FINDERS: dict[type, Any] = {
    fc.HashedCategoricalColumn: _hashed,
    fc.IdentityCategoricalColumn: _identity,
    fc.VocabularyFileCategoricalColumn: _looked_up,
    fc.VocabularyListCategoricalColumn: _looked_up,
}
