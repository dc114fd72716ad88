"""Which features tf.io.parse_example must read for a model's columns, its label and its weight."""

from typing import Any

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from gristmill.estimator.columns.kinds import OWN, as_list
from gristmill.estimator.errors import ArgumentError

__all__ = ["classifier_parse_example_spec", "parse_example_spec", "regressor_parse_example_spec"]

Spec = dict[str, Any]
"""`tf.io.FixedLenFeature` or `tf.io.VarLenFeature` by feature."""


def parse_example_spec(columns: Any) -> Spec:
    """What the features of columns look like in a `tf.train.Example`.

    Args:
        columns: Columns of tf.feature_column, of gristmill.features, or both.

    Raises:
        ArgumentError: Something is no column, or two columns read a feature in two ways.
    """
    spec: Spec = {}
    for column in as_list(columns):
        for name, feature in (_own(column) if isinstance(column, OWN) else column.parse_example_spec).items():
            if spec.setdefault(name, feature) != feature:
                raise ArgumentError(
                    f"columns must agree on how a feature is read. Received for {name!r}: {spec[name]} and {feature}"
                )
    return spec


def classifier_parse_example_spec(
    feature_columns: Any,
    label_key: str,
    label_dtype: tf.DType = tf.int64,
    label_default: Any = None,
    weight_column: Any = None,
) -> Spec:
    """What `tf.io.parse_example` reads for a classifier.

    Args:
        feature_columns: Columns of tf.feature_column, of gristmill.features, or both.
        label_key: The feature that holds the label, `[batch, 1]`.
        label_dtype: int64 for indices, string where the classifier has a vocabulary of labels.
        label_default: The label of an example without one; None refuses such examples.
        weight_column: The feature that holds the weight of an example, or a `numeric_column` of it.

    Raises:
        ArgumentError: The label or the weight is among the columns, or is not what it should be.
    """
    label = tf.io.FixedLenFeature((1,), label_dtype, label_default)
    return _with_label(parse_example_spec(feature_columns), label_key, label, weight_column)


def regressor_parse_example_spec(
    feature_columns: Any,
    label_key: str,
    label_dtype: tf.DType = tf.float32,
    label_default: Any = None,
    label_dimension: int = 1,
    weight_column: Any = None,
) -> Spec:
    """What `tf.io.parse_example` reads for a regressor.

    Args:
        feature_columns: Columns of tf.feature_column, of gristmill.features, or both.
        label_key: The feature that holds the label, `[batch, label_dimension]`.
        label_dtype: Type of the label.
        label_default: The label of an example without one; None refuses such examples.
        label_dimension: Numbers a label.
        weight_column: The feature that holds the weight of an example, or a `numeric_column` of it.

    Raises:
        ArgumentError: The label or the weight is among the columns, or is not what it should be.
    """
    label = tf.io.FixedLenFeature((label_dimension,), label_dtype, label_default)
    return _with_label(parse_example_spec(feature_columns), label_key, label, weight_column)


def _own(column: Any) -> Spec:
    """One value is read as `[batch, 1]`, as `numeric_column` reads it; a list as `[batch, length]`."""
    return {
        name: tf.io.FixedLenFeature(tuple(tensor.shape[1:]) or (1,), _stored(tensor.dtype))
        for name, tensor in column.inputs().items()
    }


def _stored(dtype: str) -> tf.DType:
    """The type in which an Example holds what Keras reads."""
    return {"string": tf.string, "float32": tf.float32}.get(dtype, tf.int64)


def _with_label(spec: Spec, label_key: str, label: Any, weight_column: Any) -> Spec:
    if not isinstance(label_key, str):
        raise ArgumentError(f"`label_key` must be the name of a feature. Received: {label_key!r}")
    if label_key in spec:
        raise ArgumentError(f"the label must not be a feature of the model. Received: {label_key!r} in {sorted(spec)}")
    spec[label_key] = label
    if weight_column is None:
        return spec
    if isinstance(weight_column, str):
        weight_column = tf.feature_column.numeric_column(weight_column)
    if not isinstance(weight_column, fc.NumericColumn):
        raise ArgumentError(f"`weight_column` must be a name or a numeric_column. Received: {weight_column!r}")
    if weight_column.key in spec:
        raise ArgumentError(
            f"the weight must not be a feature of the model. Received: {weight_column.key!r} in {sorted(spec)}"
        )
    return spec | weight_column.parse_example_spec
