"""What heads refuse, and how they say so."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.heads import (
    BinaryClassHead,
    Head,
    LogisticRegressionHead,
    MultiClassHead,
    MultiHead,
    MultiLabelHead,
    RegressionHead,
    SequentialHeadWrapper,
)
from gristmill.estimator.mode import ModeKeys

LOGITS = np.zeros((2, 1), np.float32)
THREE = np.zeros((2, 3), np.float32)
NAMED = partial(RegressionHead, name="r")
SUM = NAMED(loss_reduction="sum")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: BinaryClassHead(loss_reduction="none"), "`loss_reduction` must be one of .*='none'"),
        (lambda: RegressionHead(loss_reduction="weighted_sum"), "'weighted_sum'"),
        (lambda: BinaryClassHead(thresholds=[0.5, 1.0]), r"`thresholds` must lie in \(0, 1\).*=\(0.5, 1.0\)"),
        (lambda: MultiLabelHead(3, thresholds=[0.0]), "`thresholds` must lie in"),
        (lambda: BinaryClassHead(label_vocabulary="ab"), "must be a list or a tuple. Received: str"),
        (lambda: BinaryClassHead(label_vocabulary=["a"]), "must hold 2 different items"),
        (lambda: MultiClassHead(3, label_vocabulary=["a", "b", "a"]), "must hold 3 different items"),
        (lambda: MultiClassHead(3, label_vocabulary=[1, 2, 3]), "must hold strings"),
        (lambda: MultiClassHead(2), "`n_classes` must be > 2. Received: n_classes=2"),
        (lambda: MultiClassHead(None), "n_classes=None"),
        (lambda: MultiLabelHead(1), "`n_classes` must be > 1"),
        (lambda: MultiLabelHead(3, classes_for_class_based_metrics=[3]), "Received: 3"),
        (lambda: MultiLabelHead(3, classes_for_class_based_metrics=["a"]), "Received: 'a'"),
        (lambda: RegressionHead(0), "`label_dimension` must be positive"),
        (lambda: RegressionHead(loss_fn=lambda labels: labels), "must take the arguments labels and logits.*of labels"),
        (lambda: RegressionHead(loss_fn=lambda labels, logits, x: x), "of labels, logits, x"),
        (lambda: MultiHead([]), "at least one head"),
        (lambda: MultiHead([RegressionHead()]), r"a name of their own. .*\[None\]"),
        (lambda: MultiHead([SUM, SUM]), r"\['r', 'r'\]"),
        (lambda: MultiHead([SUM], [1.0, 2.0]), "2 weights, 1 heads"),
        (lambda: MultiHead([SUM, RegressionHead(name="s")]).loss_reduction, "must be the same for all heads"),
        (lambda: SequentialHeadWrapper(MultiHead([SUM])), "must not be a MultiHead"),
    ],
)
def test_arguments(make, text):
    with pytest.raises(ValueError, match=text) as told:
        make()
    assert isinstance(told.value, ArgumentError)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SequentialHeadWrapper(SUM, sequence_length_mask=1),
        lambda: SequentialHeadWrapper(SUM, feature_columns=1),
        lambda: SequentialHeadWrapper(SUM, feature_columns=["a", 1]),
        lambda: RegressionHead(weight_column=1).loss([1.0, 2.0], LOGITS, {"w": LOGITS}),
    ],
)
def test_arguments_of_a_wrong_kind(make):
    with pytest.raises(TypeError) as told:
        make()
    assert isinstance(told.value, KindError)


def test_a_partial_may_bind_arguments_of_a_loss_fn():
    def loss_fn(labels, logits, factor):
        return factor * (labels - logits)

    assert float(RegressionHead(loss_fn=partial(loss_fn, factor=2.0)).loss([3.0, 3.0], LOGITS)) == 6


def test_a_head_must_say_what_it_does():
    with pytest.raises(TypeError, match="abstract"):
        Head()


_SPARSE = tf.SparseTensor([[0, 0]], [1], [2, 1])
_STEPS = {"mask": np.array([[True, False], [True, True]])}
_SEQUENTIAL = SequentialHeadWrapper(BinaryClassHead(), "mask", "w")


@pytest.mark.parametrize(
    ("head", "labels", "logits", "features", "text"),
    [
        (BinaryClassHead(), None, LOGITS, {}, "You must provide a labels Tensor"),
        (BinaryClassHead(), _SPARSE, LOGITS, {}, "SparseTensor labels are not supported"),
        (BinaryClassHead(), [0, 1], THREE, {}, r"`logits` must have the shape \[D0, ..., DN, 1\].*\(2, 3\)"),
        (BinaryClassHead(), [0, 1], [0.0, 1.0], {}, r"of rank 2 at least. Received: logits.shape=\(2,\)"),
        (BinaryClassHead(), [0, 1, 1], LOGITS, {}, r"`labels` must have the shape .*labels.shape=\(3, 1\)"),
        (BinaryClassHead(), [[0, 1], [1, 0]], LOGITS, {}, r"labels.shape=\(2, 2\)"),
        (BinaryClassHead(), 1, LOGITS, {}, r"labels.shape=\(\)"),
        (BinaryClassHead(), [0, 2], LOGITS, {}, r"`labels` must lie within \[0, 1\]. Received: \[2.0\]"),
        (BinaryClassHead(), [0.0, np.nan], LOGITS, {}, r"within \[0, 1\]. Received: \[nan\]"),
        (BinaryClassHead(), ["0", "1"], LOGITS, {}, "must be numbers where there is no label_vocabulary"),
        (BinaryClassHead(label_vocabulary=["a", "b"]), [0, 1], LOGITS, {}, "must be strings where"),
        (
            BinaryClassHead(label_vocabulary=["a", "b"]),
            ["a", "x"],
            LOGITS,
            {},
            r"in the label_vocabulary \['a', 'b'\]. Received: \[b'x'\]",
        ),
        (MultiClassHead(3), [0, 3], THREE, {}, r"within \[0, 2\]. Received: \[3\]"),
        (MultiClassHead(3), [0, -1], THREE, {}, r"Received: \[-1\]"),
        (MultiClassHead(3), [0.0, 1.0], THREE, {}, "must be integers.*float32"),
        (MultiClassHead(3, label_vocabulary=["a", "b", "c"]), ["a", "d"], THREE, {}, r"\[b'd'\]"),
        (MultiLabelHead(3), [[0, 1, 2], [0, 0, 0]], THREE, {}, r"within \[0, 1\]. Received: \[2\]"),
        (MultiLabelHead(3), [0, 1], THREE, {}, r"DN, 3\] .*labels.shape=\(2, 1\)"),
        (MultiLabelHead(3), tf.SparseTensor([[0, 0]], [3], [2, 1]), THREE, {}, r"within \[0, 2\]. Received: \[3\]"),
        (MultiLabelHead(3), tf.SparseTensor([[0, 0]], ["a"], [2, 1]), THREE, {}, "sparse `labels` must be integers"),
        (MultiLabelHead(3), tf.SparseTensor([[0, 0]], [1], [3, 1]), THREE, {}, r"labels.shape=\(3, 3\)"),
        (
            MultiLabelHead(3, label_vocabulary=["a", "b", "c"]),
            tf.SparseTensor([[0, 0]], ["d"], [2, 1]),
            THREE,
            {},
            r"\[b'd'\]",
        ),
        (RegressionHead(2), [[1.0], [2.0]], np.zeros((2, 2)), {}, r"DN, 2\] .*labels.shape=\(2, 1\)"),
        (RegressionHead(), ["a", "b"], LOGITS, {}, "`labels` must be numbers"),
        (LogisticRegressionHead(), [0.5, 1.5], LOGITS, {}, r"within \[0, 1\]. Received: \[1.5\]"),
        (RegressionHead(loss_fn=lambda labels, logits: logits[0]), [0, 1], LOGITS, {}, "loss_fn's losses` must have"),
        (RegressionHead(weight_column="w"), [0, 1], LOGITS, {"x": 1}, "'w' must be among the features. Received: x"),
        (RegressionHead(weight_column="w"), [0, 1], LOGITS, None, "Received: none"),
        (RegressionHead(weight_column="w"), [0, 1], LOGITS, {"w": ["a", "b"]}, "castable to float.*string"),
        (RegressionHead(weight_column="w"), [0, 1], LOGITS, {"w": _SPARSE}, "must be a dense tensor"),
        (RegressionHead(weight_column="w"), [0, 1], LOGITS, {"w": [1.0, 2.0, 3.0]}, r"`weights` .*\(3, 1\)"),
        (BinaryClassHead("w"), [0, 1], LOGITS, {"w": np.ones((2, 2))}, r"DN, 1\] .*weights.shape=\(2, 2\)"),
        (RegressionHead(2, "w"), np.ones((2, 2)), np.ones((2, 2)), {"w": np.ones((2, 3))}, "DN, 1 or 2"),
        (MultiHead([SUM]), [1.0, 2.0], {"r": LOGITS}, {}, "`labels` must be a dict"),
        (
            MultiHead([SUM]),
            {"s": [1.0, 2.0]},
            {"r": LOGITS},
            {},
            "`labels` must have values for the heads r. Received: s",
        ),
        (MultiHead([SUM]), {"r": [1.0, 2.0]}, {}, {}, "`logits` must have values for the heads r. Received: none"),
        (MultiHead([SUM]), {"r": [1.0, 2.0]}, THREE, {}, r"DN, 1\].*\(2, 3\)"),
        (_SEQUENTIAL, [[1, 0], [1, 0]], np.zeros((2, 2, 1)), {}, "the mask 'mask' must be among the features"),
        (_SEQUENTIAL, [[1, 0], [1, 0]], np.zeros((2, 2, 1)), {"mask": [True]}, r"must be \[batch, time\]"),
        (_SEQUENTIAL, [[1, 0], [1, 0]], np.zeros((2, 2, 1)), _STEPS, "`features` must hold w"),
        (_SEQUENTIAL, None, np.zeros((2, 2, 1)), {**_STEPS, "w": np.ones((2, 2))}, "You must provide a labels"),
        (_SEQUENTIAL, [1, 0], np.zeros((2, 2, 1)), {**_STEPS, "w": np.ones((2, 2))}, r"\[batch, time, ...\].*\(2,\)"),
        (_SEQUENTIAL, np.ones((2, 3)), np.zeros((2, 2, 1)), {**_STEPS, "w": np.ones((2, 2))}, r"shape=\(2, 3\)"),
        (
            _SEQUENTIAL,
            tf.SparseTensor([[0, 0]], [1], [2, 2]),
            np.zeros((2, 2, 1)),
            {**_STEPS, "w": np.ones((2, 2))},
            "as many steps as it marks. Received: .1, 1.",
        ),
    ],
)
def test_batches(head, labels, logits, features, text):
    with pytest.raises(ValueError, match=text) as told:
        head.loss(labels, logits, features)
    assert isinstance(told.value, ArgumentError)


@pytest.mark.parametrize(
    ("head", "labels", "logits", "text"),
    [
        (BinaryClassHead(), [0, 2], LOGITS, "must lie within"),
        (BinaryClassHead(), [0, 1, 1], LOGITS, "`labels` must have the shape"),
        (MultiClassHead(3, label_vocabulary=["a", "b", "c"]), ["a", "d"], THREE, "in the label_vocabulary"),
        (MultiClassHead(4), [0, 1], THREE, "`logits` must have the shape"),
        (RegressionHead(2), np.ones((2, 3), np.float32), np.ones((2, 2), np.float32), "`labels` must have the shape"),
    ],
)
def test_what_is_known_only_when_a_graph_runs(head, labels, logits, text):
    labels, logits = tf.convert_to_tensor(labels), tf.convert_to_tensor(logits)
    kinds = [tf.TensorSpec([None] * value.shape.rank, value.dtype) for value in (labels, logits)]
    loss = tf.function(head.loss, input_signature=kinds)
    with pytest.raises(tf.errors.InvalidArgumentError, match=text):
        loss(labels, logits)


def test_unknown_keys_of_predictions():
    with pytest.raises(ArgumentError, match=r"`keys` must be among .*'logistic'.*. Received: 'top_k'"):
        BinaryClassHead().predictions(LOGITS, ["logits", "top_k"])


def test_a_mode_that_is_none():
    with pytest.raises(ArgumentError, match=r"one of ModeKeys. Received: mode='eval_'"):
        BinaryClassHead().create_estimator_spec({}, "eval_", tf.constant(LOGITS))


@pytest.mark.parametrize("mode", [ModeKeys.TRAIN, ModeKeys.EVAL])
def test_a_mode_that_needs_labels(mode):
    for head in (BinaryClassHead(), MultiHead([SUM])):
        with pytest.raises(ArgumentError, match="labels"):
            head.create_estimator_spec({}, mode, tf.constant(LOGITS))
