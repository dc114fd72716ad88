"""How stock `tf.io.parse_example` reads plain records."""

from typing import Any

import numpy as np

from gristmill.data.codec import names
from gristmill.schema import Feature, Schema

__all__ = ["parse_spec"]


def parse_spec(schema: Schema) -> dict[str, Any]:
    """The `tf.io` parsing spec of records in the plain layout.

    A missing float comes as NaN, a missing int64 as 0, a missing text as "" and a missing list as an empty one.
    """
    return {feature.name: _feature_spec(feature) for feature in schema.features}


def _feature_spec(feature: Feature) -> Any:
    import tensorflow as tf

    dtype = tf.as_dtype(feature.dtype)
    if feature.nested:
        inner = tf.io.RaggedFeature.RowLengths(names.row_lengths(feature.name))
        return tf.io.RaggedFeature(dtype, feature.name, [inner], row_splits_dtype=tf.int64)
    if feature.shape == (None,):
        return tf.io.RaggedFeature(dtype, row_splits_dtype=tf.int64)
    default = np.full(
        [size or 0 for size in feature.shape], {"string": "", "int64": 0, "float32": np.nan}[feature.dtype]
    )
    return tf.io.FixedLenFeature(feature.shape, dtype, default.tolist())
