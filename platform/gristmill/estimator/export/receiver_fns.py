"""Receiver functions made from a feature spec or from examples of the tensors."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export.receivers import ServingInputReceiver, SupervisedInputReceiver

__all__ = [
    "build_parsing_serving_input_receiver_fn",
    "build_raw_serving_input_receiver_fn",
    "build_raw_supervised_input_receiver_fn",
]


def build_parsing_serving_input_receiver_fn(
    feature_spec: Mapping[str, Any], default_batch_size: int | None = None
) -> Callable[[], ServingInputReceiver]:
    """Makes a receiver function that takes serialized `tf.train.Example` records, string `[batch]`, named `examples`.

    Args:
        feature_spec: Name -> `tf.io.FixedLenFeature`, `tf.io.VarLenFeature` and the like, by which they are parsed.
        default_batch_size: Records in a batch; None takes any number.
    """

    def serving_input_receiver_fn() -> ServingInputReceiver:
        examples = tf.compat.v1.placeholder(tf.string, [default_batch_size], name="input_example_tensor")
        features = tf.io.parse_example(examples, dict(feature_spec))
        return ServingInputReceiver(features, {"examples": examples})

    return serving_input_receiver_fn


def build_raw_serving_input_receiver_fn(
    features: Mapping[str, Any], default_batch_size: int | None = None
) -> Callable[[], ServingInputReceiver]:
    """Makes a receiver function that takes each feature under its name.

    Args:
        features: Name -> tensor, of which only the type and the shape after the batch are used.
        default_batch_size: Examples in a batch; None takes any number.
    """

    def serving_input_receiver_fn() -> ServingInputReceiver:
        placeholders = _placeholders(features, "feature", default_batch_size)
        return ServingInputReceiver(placeholders, dict(placeholders))

    return serving_input_receiver_fn


def build_raw_supervised_input_receiver_fn(
    features: Any, labels: Any, default_batch_size: int | None = None
) -> Callable[[], SupervisedInputReceiver]:
    """Makes a receiver function that takes each feature and each label under its name.

    Args:
        features: Tensor (named `input`), or dict of name -> tensor, of which only types and shapes are used.
        labels: Tensor (named `label`), or dict of name -> tensor.
        default_batch_size: Examples in a batch; None takes any number.

    Raises:
        ArgumentError: If a feature and a label have the same name.
    """
    both = _by_name(features, "input").keys() & _by_name(labels, "label").keys()
    if both:
        raise ArgumentError(f"`features` and `labels` must have different names. Received in both: {sorted(both)}")

    def supervised_input_receiver_fn() -> SupervisedInputReceiver:
        feature_placeholders = _placeholders(features, "input", default_batch_size)
        label_placeholders = _placeholders(labels, "label", default_batch_size)
        return SupervisedInputReceiver(
            feature_placeholders if isinstance(features, Mapping) else feature_placeholders["input"],
            label_placeholders if isinstance(labels, Mapping) else label_placeholders["label"],
            {**feature_placeholders, **label_placeholders},
        )

    return supervised_input_receiver_fn


def _by_name(tensors: Any, single: str) -> Mapping[str, Any]:
    return tensors if isinstance(tensors, Mapping) else {single: tensors}


def _placeholders(tensors: Any, single: str, batch_size: int | None) -> dict[str, Any]:
    """Makes a placeholder `[batch, ...]` for each tensor."""
    return {
        name: tf.compat.v1.placeholder(tensor.dtype, tf.TensorShape([batch_size]).concatenate(tensor.shape[1:]))
        for name, tensor in _by_name(tensors, single).items()
    }
