"""What a model function says it can be served as: each kind of output names its tensors in a SavedModel's signature."""

import abc
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export.naming import metric_tensors, named_tensors, prefixed

__all__ = [
    "ClassificationOutput",
    "EvalOutput",
    "ExportOutput",
    "PredictOutput",
    "RegressionOutput",
    "TrainOutput",
]


class ExportOutput(abc.ABC):
    """One signature's outputs, as a model function gives them in `EstimatorSpec.export_outputs`."""

    method_name: str
    """The kind of request that TensorFlow Serving answers with the signature."""

    @abc.abstractmethod
    def signature_inputs(self, receiver_tensors: Mapping[str, Any]) -> dict[str, Any]:
        """Names the tensors to feed.

        Args:
            receiver_tensors: Name -> tensor that an input receiver takes.

        Raises:
            ArgumentError: If these tensors cannot feed this kind of output; the signature is then left out.
        """

    @abc.abstractmethod
    def signature_outputs(self) -> dict[str, Any]:
        """Names the tensors to fetch.

        Raises:
            ArgumentError: If a tensor cannot be served as this kind of output; the signature is then left out.
        """


class _ExampleOutput(ExportOutput):
    """Outputs of an interface of TensorFlow Serving that takes serialized `tf.train.Example` records."""

    def signature_inputs(self, receiver_tensors: Mapping[str, Any]) -> dict[str, Any]:
        """Names the one string tensor `inputs`, whatever the receiver called it."""
        tensors = list(receiver_tensors.values())
        if len(tensors) != 1 or tensors[0].dtype != tf.string:
            raise ArgumentError(
                f"`receiver_tensors` of a {self.method_name} signature must be one string tensor of serialized "
                f"tf.train.Example records. Received: receiver_tensors={dict(receiver_tensors)}"
            )
        return {"inputs": tensors[0]}


class ClassificationOutput(_ExampleOutput):
    """Scores or names of classes, or both.

    With classes alone they are the top k, best first; with scores alone there is one per class id; with both,
    each score belongs to the class at the same place.

    Args:
        scores: Floating tensor `[batch, classes]`.
        classes: String tensor `[batch, classes]`.

    Raises:
        ArgumentError: If both are absent, or one is not a tensor of its type.
    """

    method_name = "tensorflow/serving/classify"

    def __init__(self, scores: Any = None, classes: Any = None) -> None:
        if scores is None and classes is None:
            raise ArgumentError("one of `scores` and `classes` must be given. Received: scores=None, classes=None")
        if scores is not None and not _is_floating(scores):
            raise ArgumentError(f"`scores` must be a floating tensor. Received: scores={scores!r}")
        if classes is not None and not (isinstance(classes, tf.Tensor) and classes.dtype == tf.string):
            raise ArgumentError(f"`classes` must be a string tensor. Received: classes={classes!r}")
        self._scores, self._classes = scores, classes

    @property
    def scores(self) -> Any:
        """The scores, or None."""
        return self._scores

    @property
    def classes(self) -> Any:
        """The names of the classes, or None."""
        return self._classes

    def signature_outputs(self) -> dict[str, Any]:
        """Names those given of `classes` and `scores`."""
        outputs = {"classes": self._classes, "scores": self._scores}
        if self._scores is not None:
            _require_float32("scores", self._scores)
        return {name: tensor for name, tensor in outputs.items() if tensor is not None}


class RegressionOutput(_ExampleOutput):
    """Predicted values.

    Args:
        value: Floating tensor `[batch, values]`.

    Raises:
        ArgumentError: If it is not a floating tensor.
    """

    method_name = "tensorflow/serving/regress"

    def __init__(self, value: Any) -> None:
        if not _is_floating(value):
            raise ArgumentError(f"`value` must be a floating tensor. Received: value={value!r}")
        self._value = value

    @property
    def value(self) -> Any:
        """The predicted values."""
        return self._value

    def signature_outputs(self) -> dict[str, Any]:
        """Names the values `outputs`."""
        _require_float32("value", self._value)
        return {"outputs": self._value}


class PredictOutput(ExportOutput):
    """Any tensors, by name.

    Args:
        outputs: Tensor (named `output`), or dict of name -> tensor; a name may be a tuple, whose parts are joined
            by `/`.

    Raises:
        ArgumentError: If a name is not a string or a value is not a tensor.
    """

    method_name = "tensorflow/serving/predict"

    def __init__(self, outputs: Any) -> None:
        self._outputs = named_tensors(outputs, "output")

    @property
    def outputs(self) -> dict[str, Any]:
        """Name -> tensor."""
        return self._outputs

    def signature_inputs(self, receiver_tensors: Mapping[str, Any]) -> dict[str, Any]:
        """Takes the receiver's tensors under their names."""
        return _require_some("receiver_tensors", dict(receiver_tensors))

    def signature_outputs(self) -> dict[str, Any]:
        """Gives the tensors under their names."""
        return _require_some("outputs", self._outputs)


class _SupervisedOutput(ExportOutput):
    """Loss, predictions and metrics of a step that also sees labels."""

    def __init__(self, loss: Any = None, predictions: Any = None, metrics: Any = None) -> None:
        self._loss = None if loss is None else prefixed(named_tensors(loss, "loss"), "loss")
        self._predictions = (
            None if predictions is None else prefixed(named_tensors(predictions, "predictions"), "predictions")
        )
        self._metrics = None if metrics is None else metric_tensors(metrics)

    @property
    def loss(self) -> dict[str, Any] | None:
        """Name -> tensor of the loss, each name begun with `loss`."""
        return self._loss

    @property
    def predictions(self) -> dict[str, Any] | None:
        """Name -> tensor of the predictions, each name begun with `predictions`."""
        return self._predictions

    @property
    def metrics(self) -> dict[str, Any] | None:
        """`metrics/NAME/value` and `metrics/NAME/update_op` -> tensor."""
        return self._metrics

    def signature_inputs(self, receiver_tensors: Mapping[str, Any]) -> dict[str, Any]:
        """Takes the receiver's tensors under their names."""
        return _require_some("receiver_tensors", dict(receiver_tensors))

    def signature_outputs(self) -> dict[str, Any]:
        """Gives loss, predictions and metrics together."""
        return {**(self._loss or {}), **(self._predictions or {}), **(self._metrics or {})}


class EvalOutput(_SupervisedOutput):
    """What an evaluation step computes.

    Args:
        loss: Tensor, or dict of name -> tensor.
        predictions: Tensor, or dict of name -> tensor.
        metrics: Dict of name -> Keras metric or (value, update) pair, or one of these alone.

    Raises:
        ArgumentError: If a name is not a string, or a value is not a tensor.
    """

    method_name = "tensorflow/supervised/eval"


class TrainOutput(_SupervisedOutput):
    """What a training step computes; arguments as those of `EvalOutput`."""

    method_name = "tensorflow/supervised/training"


def _is_floating(value: Any) -> bool:
    return isinstance(value, tf.Tensor) and value.dtype.is_floating


def _require_float32(name: str, tensor: Any) -> None:
    if tensor.dtype != tf.float32:
        raise ArgumentError(f"`{name}` must be float32 to be served. Received: {name}.dtype={tensor.dtype.name}")


def _require_some(name: str, tensors: dict[str, Any]) -> dict[str, Any]:
    if not tensors:
        raise ArgumentError(f"`{name}` must name at least one tensor. Received: {name}={{}}")
    return tensors
