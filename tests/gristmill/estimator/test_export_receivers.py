"""Receivers of inputs and the functions that make them."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export import (
    ServingInputReceiver,
    TensorServingInputReceiver,
    build_parsing_serving_input_receiver_fn,
    build_raw_serving_input_receiver_fn,
)
from gristmill.estimator.export.receiver_fns import build_raw_supervised_input_receiver_fn
from gristmill.estimator.export.receivers import SupervisedInputReceiver

X = tf.constant([1.0])
SPARSE = tf.sparse.from_dense([[1.0]])


def in_graph(receiver_fn: Callable[[], Any]) -> Any:
    with tf.Graph().as_default():
        return receiver_fn()


def shapes(tensors: dict[str, Any]) -> dict[str, Any]:
    return {name: (tensor.dtype.name, tensor.shape.as_list()) for name, tensor in tensors.items()}


def test_single_tensors_take_names() -> None:
    receiver = ServingInputReceiver(X, X, {"other": X})
    assert receiver.features == {"feature": X}
    assert receiver.receiver_tensors == {"input": X}
    assert receiver.receiver_tensors_alternatives == {"other": {"input": X}}


def test_a_tensor_receiver_keeps_its_tensor() -> None:
    receiver = TensorServingInputReceiver(SPARSE, {"x": X})
    assert receiver.features is SPARSE
    assert receiver.receiver_tensors == {"x": X}
    assert receiver.receiver_tensors_alternatives is None


def test_a_supervised_receiver_keeps_features_and_labels() -> None:
    receiver = SupervisedInputReceiver(X, {"y": X}, X)
    assert (receiver.features, receiver.labels, receiver.receiver_tensors) == (X, {"y": X}, {"input": X})


def test_features_may_have_numbers_for_names() -> None:
    assert ServingInputReceiver({0: X}, X).features == {0: X}


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: ServingInputReceiver(None, X), "`features` must be given"),
        (lambda: ServingInputReceiver(X, None), "`receiver_tensors` must be given"),
        (lambda: ServingInputReceiver({1.5: X}, X), "must be a str or int"),
        (lambda: ServingInputReceiver(X, {1: X}), "must be a str"),
        (lambda: ServingInputReceiver({"x": [1.0]}, X), "must hold dense, sparse or ragged tensors"),
        (lambda: ServingInputReceiver(X, X, [X]), "`receiver_tensors_alternatives` must be a dict"),
        (lambda: ServingInputReceiver(X, X, {"a": {"x": 1}}), r"receiver_tensors_alternatives\['a'\]"),
        (lambda: TensorServingInputReceiver(None, X), "`features` must be a dense"),
        (lambda: TensorServingInputReceiver({"x": X}, X), "`features` must be a dense"),
        (lambda: SupervisedInputReceiver(X, None, X), "`labels` must be given"),
        (lambda: build_raw_supervised_input_receiver_fn({"label": X}, X), "must have different names"),
    ],
)
def test_rules(make: Callable[[], Any], rule: str) -> None:
    with pytest.raises(ArgumentError, match=rule):
        make()


def test_records_are_parsed() -> None:
    spec = {"x": tf.io.FixedLenFeature([2], tf.float32), "c": tf.io.VarLenFeature(tf.string)}
    receiver = in_graph(build_parsing_serving_input_receiver_fn(spec, default_batch_size=3))
    assert shapes(receiver.receiver_tensors) == {"examples": ("string", [3])}
    assert receiver.features["x"].shape == [3, 2]
    assert isinstance(receiver.features["c"], tf.SparseTensor)


def test_raw_features_keep_type_and_shape_after_the_batch() -> None:
    features = {"x": tf.zeros([5, 2]), "n": tf.constant([1, 2], tf.int64)}
    receiver = in_graph(build_raw_serving_input_receiver_fn(features))
    assert shapes(receiver.receiver_tensors) == {"x": ("float32", [None, 2]), "n": ("int64", [None])}
    assert receiver.features == receiver.receiver_tensors
    assert in_graph(build_raw_serving_input_receiver_fn(features, 4)).features["x"].shape == [4, 2]


def test_raw_features_and_labels_by_name() -> None:
    receiver = in_graph(build_raw_supervised_input_receiver_fn({"x": X}, {"y": X}))
    assert sorted(receiver.receiver_tensors) == ["x", "y"]
    assert (sorted(receiver.features), sorted(receiver.labels)) == (["x"], ["y"])


def test_raw_feature_and_label_alone() -> None:
    receiver = in_graph(build_raw_supervised_input_receiver_fn(X, X))
    assert sorted(receiver.receiver_tensors) == ["input", "label"]
    assert receiver.features is receiver.receiver_tensors["input"]
    assert receiver.labels is receiver.receiver_tensors["label"]
