"""Stochastic dual coordinate ascent for linear models: exact steps without a learning rate.

Sources: Shalev-Shwartz and Zhang 2013, https://arxiv.org/abs/1209.1873; Ma et al. 2015, https://arxiv.org/abs/1502.03508
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from gristmill.estimator.canned.sdca_state import DualState
from gristmill.estimator.columns import LinearLogits
from gristmill.estimator.columns.kinds import OWN
from gristmill.estimator.columns.tensors import dense_tensors
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.heads import BinaryClassHead, Head, RegressionHead
from gristmill.estimator.heads.weights import weights_of
from gristmill.estimator.naming import give_name

__all__ = ["LinearSDCA"]

_BIAS = "linear/linear_model/bias_weights"


class LinearSDCA:
    """The optimizer of `LinearClassifier` with two classes, or of `LinearRegressor` with one number.

    It minimizes the sum of the losses of all examples with both regularizations; each example is known by its id, and what
    was learned from it before stands in the checkpoint.

    Args:
        example_id_column: The feature that holds the examples' ids, strings `[batch]`.
        num_loss_partitions: Processes that train at the same time; more make smaller steps.
        num_table_shards: Makes no difference: the table of examples stands in this process.
        symmetric_l1_regularization: Of the weights' sizes; not negative.
        symmetric_l2_regularization: Of the weights' squares, halved; positive, best of the order of an example's mean square.
        adaptive: Whether examples that are fitted badly are taken more often.

    Raises:
        ArgumentError: A number breaks its rule.
    """

    def __init__(
        self,
        example_id_column: str,
        num_loss_partitions: int = 1,
        num_table_shards: int | None = None,
        symmetric_l1_regularization: float = 0.0,
        symmetric_l2_regularization: float = 1.0,
        adaptive: bool = False,
    ) -> None:
        del num_table_shards
        if symmetric_l2_regularization <= 0:
            raise ArgumentError(
                f"symmetric_l2_regularization should be positive. Received: {symmetric_l2_regularization}"
            )
        if symmetric_l1_regularization < 0:
            raise ArgumentError(
                f"symmetric_l1_regularization should be non-negative. Received: {symmetric_l1_regularization}"
            )
        self._ids = example_id_column
        self._l1, self._l2 = float(symmetric_l1_regularization), float(symmetric_l2_regularization)
        self._partitions, self._adaptive = num_loss_partitions, adaptive

    def check(self, head: Head, columns: Sequence[Any], sparse_combiner: str) -> None:
        """Refuses a linear model that it cannot train.

        Raises:
            ArgumentError: The head, a column or the combiner is of another kind.
        """
        _loss_type(head)
        if sparse_combiner != "sum":
            raise ArgumentError(f'sparse_combiner must be "sum" with LinearSDCA. Received: {sparse_combiner!r}')
        own = [column.name for column in columns if isinstance(column, OWN)]
        if own:
            raise ArgumentError(f"LinearSDCA takes columns of tf.feature_column. Received: {', '.join(own)}")

    def train_op(self, linear: LinearLogits, head: Head, features: Any, labels: Any, logits: Any) -> Any:
        """The operation of a training step, in a trace.

        Args:
            linear: The linear model.
            head: Its head, which `check` has passed.
            features: Name -> tensor, with the ids and weights of the examples.
            labels: What the head takes.
            logits: `[batch, 1]`.

        Raises:
            ArgumentError: The ids are not there or are no strings.
        """
        assert isinstance(head, BinaryClassHead | RegressionHead)
        weights = weights_of(features, head._weight_column, logits)
        truth = tf.reshape(tf.cast(head._truth(labels, logits), tf.float32), [-1])
        batch = _read(linear, features, tf.size(truth))
        state = DualState(self._ids_of(features))
        slots = [_unshrunk(linear, variable) for variable in batch.variables]
        count = len(batch.sparse)
        named = [tf.unique(sparse.ids)[0] for sparse in batch.sparse]
        told, sparse_changes, dense_changes = tf.raw_ops.SdcaOptimizerV2(
            sparse_example_indices=[sparse.rows for sparse in batch.sparse],
            sparse_feature_indices=[sparse.ids for sparse in batch.sparse],
            sparse_feature_values=[sparse.values for sparse in batch.sparse],
            dense_features=batch.dense,
            example_weights=tf.ones_like(truth) if weights is None else tf.reshape(tf.cast(weights, tf.float32), [-1]),
            example_labels=truth,
            sparse_indices=named,
            sparse_weights=[tf.gather(slot, ids) for slot, ids in zip(slots, named, strict=False)],
            dense_weights=[slot.read_value() for slot in slots[count:]],
            example_state_data=state.values,
            loss_type=_loss_type(head),
            l1=self._l1,
            l2=self._l2,
            num_loss_partitions=self._partitions,
            num_inner_iterations=1,
            adaptive=self._adaptive,
        )
        state.put(told)
        for slot, ids, change in zip(slots, named, sparse_changes, strict=False):
            slot.scatter_add(tf.IndexedSlices(change, ids))
        for slot, change in zip(slots[count:], dense_changes, strict=True):
            slot.assign_add(change)
        return tf.group(
            *[variable.assign(self._shrunk(slot)) for variable, slot in zip(batch.variables, slots, strict=True)]
        )

    def _ids_of(self, features: Any) -> Any:
        if self._ids not in features:
            told = ", ".join(map(str, features))
            raise ArgumentError(f"features must hold the examples' ids, {self._ids!r}. Received: {told}")
        ids = tf.convert_to_tensor(features[self._ids])
        if ids.dtype != tf.string:
            raise ArgumentError(f"the examples' ids, {self._ids!r}, must be strings. Received: {ids.dtype.name}")
        return tf.reshape(ids, [-1])

    def _shrunk(self, slot: tf.Variable) -> Any:
        """The proximal step of the l1 regularization."""
        value = slot.read_value()
        return tf.sign(value) * tf.maximum(0.0, tf.abs(value) - self._l1 / self._l2) if self._l1 else value


class _Sparse(NamedTuple):
    """The categories of a batch in one column, each pair of example and category once."""

    rows: Any
    """`[pairs]` int64 examples."""
    ids: Any
    """`[pairs]` int64 categories."""
    values: Any
    """`[pairs]` float32."""


class _Batch(NamedTuple):
    """A batch as the solver takes it."""

    sparse: list[_Sparse]
    dense: list[Any]
    """`[batch, width]` float32, that of the bias last."""
    variables: list[tf.Variable]
    """The weights of `sparse`, then those of `dense`."""


def _read(linear: LinearLogits, features: Any, size: Any) -> _Batch:
    read, state = linear.read(features), linear.state
    categorical = [column for column in linear.theirs if isinstance(column, fc.CategoricalColumn)]
    numeric = [column for column in linear.theirs if not isinstance(column, fc.CategoricalColumn)]
    found = dense_tensors(numeric, read, state, training=False)
    return _Batch(
        [_sparse(column.get_sparse_tensors(read.cache, state), column.num_buckets) for column in categorical],
        [*(found[column.name] for column in numeric), tf.ones([size, 1])],
        [*(state.get_variable(column, "weights") for column in categorical + numeric), state.named[_BIAS]],
    )


def _sparse(pair: Any, buckets: int) -> _Sparse:
    """Leaves out what is no category, and adds up what comes twice."""
    rows, ids = pair.id_tensor.indices[:, 0], tf.cast(pair.id_tensor.values, tf.int64)
    values = tf.ones_like(ids, tf.float32) if pair.weight_tensor is None else pair.weight_tensor.values
    joint = tf.boolean_mask(rows * buckets + ids, ids >= 0)
    once, place = tf.unique(joint)
    summed = tf.math.unsorted_segment_sum(tf.boolean_mask(values, ids >= 0), place, tf.size(once))
    return _Sparse(once // buckets, once % buckets, summed)


def _unshrunk(linear: LinearLogits, variable: tf.Variable) -> tf.Variable:
    """What the weights are before the step of the l1 regularization, from zeros."""
    name = next(name for name, one in zip(linear.names, linear.variables, strict=True) if one is variable)
    with tf.init_scope():
        slot = tf.Variable(lambda: tf.zeros(variable.shape), trainable=False, name=f"{name}_unshrunk")
    give_name(slot, f"{name}_unshrunk")
    return slot


def _loss_type(head: Head) -> str:
    if type(head) is BinaryClassHead:
        return "logistic_loss"
    if type(head) is RegressionHead and head.logits_dimension == 1:
        return "squared_loss"
    raise ArgumentError(
        "LinearSDCA trains a classifier of two classes, or a regressor of one number. "
        f"Received: {type(head).__name__} of {head.logits_dimension} logits"
    )
