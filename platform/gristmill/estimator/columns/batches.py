"""What a batch holds, checked before a column reads it: features equally long, and indices that their tables have."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from gristmill.estimator.demands import demand
from gristmill.features import CategoryColumn, CrossColumn

__all__ = ["Bound", "bound_of", "checked"]


class Bound(NamedTuple):
    """The indices that a column picks rows by."""

    column: str
    lowest: int
    """-1 where it stands for a missing value."""
    highest: int


def bound_of(name: str, column: Any) -> Bound | None:
    """Which indices of a feature a column reads; None where it reads no indices, or any."""
    if isinstance(column, fc.IdentityCategoricalColumn) and column.default_value is None:
        return Bound(column.name, -1, column.num_buckets - 1)
    if isinstance(column, CrossColumn):
        column = column.first if column.first.name == name else column.second
    if isinstance(column, CategoryColumn) and column.vocabulary is None:
        return Bound(column.name, 0, column.size - 1)
    return None


def checked(tensors: dict[str, Any], bounds: Mapping[str, Iterable[Bound]]) -> dict[str, Any]:
    """Gives the features of a batch on that keep the rules; what is known beforehand has been checked.

    Args:
        tensors: Dense tensors or SparseTensors by name.
        bounds: By name, the indices that may be there.

    Raises:
        ArgumentError: A rule is broken; see `gristmill.estimator.demands.demand`.
    """
    checks = _equally_long(tensors)
    with tf.control_dependencies([] if tf.executing_eagerly() else checks):
        checks += _within(tensors, bounds)
    if tf.executing_eagerly() or not checks:
        return tensors
    flat = tf.nest.flatten(tensors, expand_composites=True)
    with tf.control_dependencies(checks):
        flat = tf.identity_n(flat)
    return dict(tf.nest.pack_sequence_as(tensors, flat, expand_composites=True))


def _equally_long(tensors: Mapping[str, Any]) -> list[Any]:
    """The check that dense features of unknown length are equally long."""
    kinds: dict[Any, list[str]] = defaultdict(list)
    for name, tensor in tensors.items():
        if isinstance(tensor, tf.Tensor) and tensor.shape.rank and tensor.shape[0] is None:
            kinds[tensor.dtype].append(name)
    names = [name for kind in kinds.values() for name in kind]
    if len(names) < 2:
        return []
    shapes = [shape for kind in kinds.values() for shape in tf.shape_n([tensors[name] for name in kind])]
    lengths = tf.concat([shape if shape.shape == [1] else shape[:1] for shape in shapes], axis=0)
    rule = f"features must be of one batch, equally long: {', '.join(names)}"
    return [demand(tf.reduce_all(lengths == lengths[:1]), rule, lengths)]


def _within(tensors: Mapping[str, Any], bounds: Mapping[str, Iterable[Bound]]) -> list[Any]:
    """The check that indices lie within their bounds, of all features with one a record at once."""
    single: list[tuple[str, Bound, Any]] = []
    several: list[tuple[str, Bound, Any]] = []
    for name, found in bounds.items():
        tensor = tensors[name]
        values = tensor.values if isinstance(tensor, tf.SparseTensor) else tensor
        one = values is tensor and (values.shape.rank == 1 or values.shape[1:].num_elements() == 1)
        (single if one else several).extend((name, bound, values) for bound in found)
    if tf.executing_eagerly() or len(single) < 2:
        return [_one(*each) for each in single + several]
    lowest, highest = (np.array([[bound[place]] for _, bound, _ in single]) for place in (1, 2))
    rows = tf.stack(
        [tf.cast(values if values.shape.rank == 1 else tf.reshape(values, [-1]), tf.int64) for *_, values in single]
    )

    def refuse() -> Any:
        with tf.control_dependencies([_one(*each) for each in single]):
            return tf.constant(False)

    good = tf.reduce_all((rows >= lowest) & (rows <= highest))
    return [tf.cond(good, lambda: tf.constant(True), refuse), *(_one(*each) for each in several)]


def _one(name: str, bound: Bound, values: Any) -> Any:
    inside = (values >= bound.lowest) & (values <= bound.highest)
    also = ", or be -1 where it is missing" if bound.lowest < 0 else ""
    rule = f"the feature {name!r} must lie within [0, {bound.highest}], which the column {bound.column!r} reads{also}"
    return demand(tf.reduce_all(inside), rule, lambda: tf.boolean_mask(values, ~inside))
