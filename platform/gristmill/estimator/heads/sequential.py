"""A head for sequences of different lengths: the steps that a mask marks go to another head."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from gristmill.estimator.demands import demanded
from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.heads.base import Head
from gristmill.estimator.heads.multi import MultiHead
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.spec import EstimatorSpec

__all__ = ["SequentialHeadWrapper"]


class SequentialHeadWrapper(Head):
    """Loss and metrics of those steps of sequences that are no padding.

    Logits are `[batch, time, D2, ..., DN]`; labels and features the same but for the last axis, which they may lack, or
    `SparseTensor`s that hold as many values as the mask marks.

    Args:
        static_head: What takes the steps, each as one example.
        sequence_length_mask: Name of the feature that is true where a step is no padding, `[batch, time]`.
        feature_columns: Name or names of the features, such as weights, that `static_head` needs.

    Raises:
        ArgumentError: `static_head` is a `MultiHead`.
        KindError: A name is no string.
    """

    def __init__(
        self,
        static_head: Head,
        sequence_length_mask: str = "sequence_mask",
        feature_columns: str | Iterable[str] | None = None,
    ) -> None:
        columns = [feature_columns] if isinstance(feature_columns, str) else feature_columns or []
        if not isinstance(columns, Iterable):
            kind = type(columns).__name__
            raise KindError(f"`feature_columns` must be either a string or an iterable of strings. Received: {kind}")
        self._columns = list(columns)
        for name in (sequence_length_mask, *self._columns):
            if not isinstance(name, str):
                raise KindError(f"the mask and `feature_columns` must be named by strings. Received: {name!r}")
        if isinstance(static_head, MultiHead):
            raise ArgumentError("`static_head` must not be a MultiHead. Received: MultiHead")
        self._head = static_head
        self._mask = sequence_length_mask

    @property
    def static_head(self) -> Head:
        """The head that takes the steps."""
        return self._head

    @property
    def input_sequence_mask_key(self) -> str:
        """Name of the feature that is the mask."""
        return self._mask

    @property
    def name(self) -> str | None:
        """The name of the head that takes the steps, with `_sequential` after it."""
        return f"{self._head.name}_sequential" if self._head.name else None

    @property
    def logits_dimension(self) -> int:
        """Size of the last axis of the logits."""
        return self._head.logits_dimension

    @property
    def loss_reduction(self) -> str:
        """How the losses of a batch become one."""
        return self._head.loss_reduction

    def loss(
        self, labels: Any, logits: Any, features: Any = None, mode: Any = None, regularization_losses: Any = None
    ) -> Any:
        """The loss of the marked steps; the features must hold the mask."""
        labels, logits, features = self._marked(labels, logits, features)
        return self._head.loss(labels, logits, features, mode, regularization_losses)

    def predictions(self, logits: Any, keys: Sequence[str] | None = None) -> dict[Any, Any]:
        """The predictions of all steps, padding too, `[batch, time, ...]`."""
        return self._head.predictions(logits, keys=keys)

    def metrics(self, regularization_losses: Any = None) -> dict[str, Any]:
        """New Keras metrics by key."""
        return self._head.metrics(regularization_losses)

    def update_metrics(  # type: ignore[override]
        self,
        eval_metrics: dict[str, Any],
        features: Any,
        logits: Any,
        labels: Any,
        regularization_losses: Any = None,
        mode: Any = None,
    ) -> dict[str, Any]:
        """Adds the marked steps to the metrics that `metrics` made, and gives them back."""
        labels, logits, features = self._marked(labels, logits, features)
        return self._head.update_metrics(
            eval_metrics, features, logits, labels, regularization_losses=regularization_losses
        )

    def create_estimator_spec(
        self,
        features: Any,
        mode: str,
        logits: Any,
        labels: Any = None,
        optimizer: Any = None,
        trainable_variables: Any = None,
        train_op_fn: Callable[[Any], Any] | None = None,
        update_ops: Any = None,
        regularization_losses: Any = None,
    ) -> EstimatorSpec:
        """The spec of the marked steps; in PREDICT that of all steps, with the mask among the predictions."""
        if mode == ModeKeys.PREDICT:
            spec = self._head.create_estimator_spec(features, mode, logits)
            return spec._replace(predictions={**spec.predictions, self._mask: self._mask_of(features)})
        labels, logits, features = self._marked(labels, logits, features)
        return self._head.create_estimator_spec(
            features=features,
            mode=mode,
            logits=logits,
            labels=labels,
            optimizer=optimizer,
            trainable_variables=trainable_variables,
            train_op_fn=train_op_fn,
            update_ops=update_ops,
            regularization_losses=regularization_losses,
        )

    def _mask_of(self, features: Any) -> Any:
        if not features or self._mask not in features:
            told = ", ".join(map(str, features or ())) or "none"
            raise ArgumentError(f"the mask {self._mask!r} must be among the features. Received: {told}")
        return tf.convert_to_tensor(features[self._mask])

    def _marked(self, labels: Any, logits: Any, features: Any) -> tuple[Any, Any, dict[str, Any]]:
        """Labels, logits and the features that are needed, of the marked steps only, `[steps, ...]`."""
        mask = self._mask_of(features)
        if mask.shape.rank != 2:
            raise ArgumentError(f"the mask {self._mask!r} must be [batch, time]. Received: shape={mask.shape}")
        missing = [name for name in self._columns if name not in features]
        if missing:
            raise ArgumentError(f"`features` must hold {', '.join(missing)}. Received: {', '.join(map(str, features))}")
        if labels is None:
            raise ArgumentError("You must provide a labels Tensor: TRAIN and EVAL need labels. Received: None")
        kept = {name: _steps(name, features[name], mask) for name in self._columns}
        return _steps("labels", labels, mask), _steps("logits", logits, mask), kept


def _steps(name: str, tensor: Any, mask: Any) -> Any:
    """The marked steps of `[batch, time, D2, ..., DN]` as `[steps, D2, ..., DN]`, of `[batch, time]` as `[steps, 1]`."""
    sparse = isinstance(tensor, tf.SparseTensor)
    tensor = tensor if sparse else tf.convert_to_tensor(tensor)
    rank = tensor.shape.rank
    if rank is None or rank < 2:
        raise ArgumentError(f"`{name}` must have the shape [batch, time, ...]. Received: shape={tensor.shape}")
    rule = f"`{name}` must have the shape [batch, time, ...] of the mask"
    if not sparse:
        if not tensor.shape[:2].is_compatible_with(mask.shape):
            raise ArgumentError(f"{rule} {mask.shape}. Received: shape={tensor.shape}")
        steps = tf.boolean_mask(tensor, mask)
        return steps if rank > 2 else steps[:, tf.newaxis]
    steps = tf.reshape(tf.sparse.reorder(tensor).values, [-1, *(tensor.shape[2:] if rank > 2 else [1])])
    count = tf.reduce_sum(tf.cast(mask, tf.int32))
    came = tf.shape(steps)
    return demanded(steps, tf.equal(came[0], count), f"{rule}, as many steps as it marks", lambda: came)
