"""What a model function returns: the parts of a model that one mode needs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.export.outputs import ExportOutput, PredictOutput
from gristmill.estimator.hooks import SessionRunHook
from gristmill.estimator.mode import ModeKeys

__all__ = ["EstimatorSpec"]

_DEFAULT = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


class _Fields(NamedTuple):
    mode: str
    predictions: Any
    loss: Any
    train_op: Any
    eval_metric_ops: Mapping[str, Any]
    export_outputs: Mapping[str, ExportOutput] | None
    training_chief_hooks: tuple[SessionRunHook, ...]
    training_hooks: tuple[SessionRunHook, ...]
    scaffold: None
    evaluation_hooks: tuple[SessionRunHook, ...]
    prediction_hooks: tuple[SessionRunHook, ...]


class EstimatorSpec(_Fields):
    """What a model function returns.

    Args:
        mode: A `ModeKeys`.
        predictions: Tensors by name, or one tensor, the first axis the batch; needed to predict.
        loss: A scalar, or a tensor of one element; needed to train and to evaluate.
        train_op: What applies the gradients: a tensor, an operation, a variable, or a list of them; needed to train. All
            that the model function does in the mode TRAIN runs once a step, so that it need not hold everything.
        eval_metric_ops: By name, a Keras metric that has been updated, or `(value, update_op)`.
        export_outputs: By name of a signature, what it gives; where there are several, one is `serving_default`. None
            exports the predictions.
        training_chief_hooks: Hooks of the chief's training.
        training_hooks: Hooks of training.
        scaffold: Must be None: `warm_start_from` sets first values, and `RunConfig` says what is kept.
        evaluation_hooks: Hooks of evaluation.
        prediction_hooks: Hooks of prediction.

    Raises:
        ArgumentError: A part that the mode needs is missing, or the loss is not a scalar.
        KindError: A part is of the wrong type.
    """

    __slots__ = ()

    def __new__(
        cls,
        mode: str,
        predictions: Any = None,
        loss: Any = None,
        train_op: Any = None,
        eval_metric_ops: Mapping[str, Any] | None = None,
        export_outputs: Mapping[str, ExportOutput] | None = None,
        training_chief_hooks: Sequence[SessionRunHook] | None = None,
        training_hooks: Sequence[SessionRunHook] | None = None,
        scaffold: Any = None,
        evaluation_hooks: Sequence[SessionRunHook] | None = None,
        prediction_hooks: Sequence[SessionRunHook] | None = None,
    ) -> "EstimatorSpec":
        """Checks the parts."""
        if mode not in (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT):
            raise ArgumentError(f"mode must be one of ModeKeys. Received: {mode!r}")
        if scaffold is not None:
            raise ArgumentError(
                "scaffold must be None: there is no session to set up. Set first values by `warm_start_from`, and what is "
                f"saved by `RunConfig` or a `CheckpointSaverHook`. Received: {scaffold!r}"
            )
        if mode == ModeKeys.TRAIN and train_op is None:
            raise ArgumentError("Missing train_op: a spec of the mode TRAIN must have one. Received: None")
        return super().__new__(
            cls,
            mode,
            _predictions(mode, predictions),
            _loss(mode, loss),
            train_op,
            _metrics(eval_metric_ops),
            _outputs(mode, predictions, export_outputs),
            _hooks("training_chief_hooks", training_chief_hooks),
            _hooks("training_hooks", training_hooks),
            None,
            _hooks("evaluation_hooks", evaluation_hooks),
            _hooks("prediction_hooks", prediction_hooks),
        )


def _predictions(mode: str, predictions: Any) -> Any:
    if predictions is None:
        if mode == ModeKeys.PREDICT:
            raise ArgumentError("Missing predictions: a spec of the mode PREDICT must have them. Received: None")
        return {}
    named = predictions if isinstance(predictions, Mapping) else {"predictions": predictions}
    for name, value in named.items():
        if not tf.is_tensor(value):
            raise KindError(f"predictions must be tensors. Received: `{name}`, {type(value).__name__}")
    return predictions


def _loss(mode: str, loss: Any) -> Any:
    if loss is None:
        if mode != ModeKeys.PREDICT:
            raise ArgumentError(f"Missing loss: a spec of the mode {mode!r} must have one. Received: None")
        return None
    if not tf.is_tensor(loss):
        raise KindError(f"loss must be a tensor. Received: {type(loss).__name__}")
    if loss.shape.rank not in (None, 0):
        if loss.shape.num_elements() != 1:
            raise ArgumentError(f"Loss must be scalar. Received: shape {loss.shape}")
        return tf.reshape(loss, [])
    return loss


def _metrics(metrics: Mapping[str, Any] | None) -> dict[str, Any]:
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping):
        raise KindError(f"eval_metric_ops must be a dict. Received: {type(metrics).__name__}")
    for name, metric in metrics.items():
        pair = isinstance(metric, tuple) and len(metric) == 2
        if not pair and not hasattr(metric, "update_state"):
            raise KindError(
                "the values of eval_metric_ops must be Keras metrics or pairs (value, update_op). "
                f"Received: `{name}`, {type(metric).__name__}"
            )
    return dict(metrics)


def _outputs(mode: str, predictions: Any, outputs: Any) -> dict[str, ExportOutput] | None:
    if outputs is None:
        return {_DEFAULT: PredictOutput(predictions)} if mode == ModeKeys.PREDICT else None
    if not isinstance(outputs, Mapping):
        raise KindError(f"export_outputs must be a dict. Received: {type(outputs).__name__}")
    for name, output in outputs.items():
        if not isinstance(output, ExportOutput):
            raise KindError(f"the values of export_outputs must be ExportOutputs. Received: `{name}`, {output!r}")
    if len(outputs) == 1:
        return {_DEFAULT: next(iter(outputs.values())), **outputs}
    if outputs and _DEFAULT not in outputs:
        told = ", ".join(sorted(outputs))
        raise ArgumentError(f"of several export_outputs one must be named {_DEFAULT!r}. Received: {told}")
    return dict(outputs)


def _hooks(name: str, hooks: Sequence[SessionRunHook] | None) -> tuple[SessionRunHook, ...]:
    found = tuple(hooks or ())
    for hook in found:
        if not isinstance(hook, SessionRunHook):
            raise KindError(f"{name} must be SessionRunHooks. Received: {hook!r}")
    return found
