"""Every head against numbers that tf.estimator 2.15.1 gave (`heads_recorded.json`), eagerly and in a graph."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.auto_control_deps import AutomaticControlDependencies

from gristmill.estimator import heads
from gristmill.estimator.heads import (
    BinaryClassHead,
    LogisticRegressionHead,
    MultiClassHead,
    MultiHead,
    MultiLabelHead,
    PoissonRegressionHead,
    RegressionHead,
    SequentialHeadWrapper,
)
from gristmill.estimator.mode import ModeKeys

RECORDED = json.loads(Path(__file__).with_name("heads_recorded.json").read_text())
WEIGHTS = np.array([[1], [2], [0], [0.5]], np.float32)
FEATURES = {"w": WEIGHTS, "x": np.ones((4, 1), np.float32)}
MASK = np.array([[True, True, False], [True, False, False]])
STEPS = {"mask": MASK, "w": np.array([[1, 2, 0], [0.5, 0, 0]], np.float32)}

BINARY = np.array([[2], [-1], [0.3], [-0.2]], np.float32), np.array([[1], [1], [0], [0]])
CLASSES = np.array([[1, 0, -1], [0.2, 0.9, 0.4], [-1, 2, 0.5], [0, 0, 3]], np.float32), np.array([0, 2, 1, 2])
WORDS = np.array(["a", "c", "b", "c"])
SETS = np.array([[1, -0.5, 0.2], [-2, 0.3, 0.9], [0.1, 0.2, -0.3], [4, -4, 0]], np.float32)
HOT = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 0]])
NUMBERS = np.array([[1], [2], [-1], [0.5]], np.float32), np.array([1.5, 2, 0, -1], np.float32)
PAIRS = np.array([[1, 2], [3, 4], [-1, 0], [0.5, 0.5]], np.float32)
TRUE_PAIRS = np.array([[1, 1], [2, 5], [0, 0], [1, -1]], np.float32)
SEQUENCES = np.array([[[2], [-1], [9]], [[0.3], [9], [9]]], np.float32), np.array([[1, 0, 7], [1, 7, 7]])
IN_SETS = [[0, 0], [0, 1], [1, 0], [2, 1], [2, 2]]


def _column(key, normalizer_fn):
    return tf.feature_column.numeric_column(key, normalizer_fn=normalizer_fn)


def _two(head_weights=None):
    first = BinaryClassHead(name="head1", weight_column="w")
    return MultiHead([first, MultiClassHead(3, name="head2", label_vocabulary=["a", "b", "c"])], head_weights)


def _sparse(values, shape, indices):
    return tf.SparseTensor(indices, values, shape)


_TWO_LABELS = {"head1": BINARY[1], "head2": WORDS}

# Name: (head, logits, labels, features, regularization losses)
CASES = {
    "binary": lambda: (BinaryClassHead(), *BINARY, FEATURES, None),
    "binary_sum_reg_name": lambda: (
        BinaryClassHead(loss_reduction="sum", name="h"),
        BINARY[0],
        BINARY[1][:, 0],
        FEATURES,
        [1.5, 0.5],
    ),
    "binary_weights_thresholds": lambda: (
        BinaryClassHead(weight_column="w", thresholds=[0.25, 0.5, 0.75]),
        *BINARY,
        FEATURES,
        [1.5, 0.5],
    ),
    "binary_column_weights_sum": lambda: (
        BinaryClassHead(_column("w", lambda w: w * 3 + 1), (0.4,), loss_reduction="sum", name="b"),
        *BINARY,
        FEATURES,
        None,
    ),
    "binary_vocabulary": lambda: (
        BinaryClassHead(label_vocabulary=["no", "yes"]),
        BINARY[0],
        np.array(["yes", "yes", "no", "no"]),
        FEATURES,
        None,
    ),
    "binary_soft": lambda: (
        BinaryClassHead(thresholds=[0.5]),
        BINARY[0],
        np.array([[0.3], [0.9], [0], [1]], np.float32),
        FEATURES,
        None,
    ),
    "binary_loss_fn": lambda: (
        BinaryClassHead("w", loss_fn=lambda labels, logits, features: (labels - logits) ** 2 * features["x"]),
        *BINARY,
        FEATURES,
        None,
    ),
    "binary_rank3": lambda: (
        BinaryClassHead(weight_column="w"),
        BINARY[0].reshape(2, 2, 1),
        BINARY[1].reshape(2, 2),
        {"w": WEIGHTS.reshape(2, 2)},
        None,
    ),
    "multi": lambda: (MultiClassHead(3), *CLASSES, FEATURES, None),
    "multi_weights_sum": lambda: (
        MultiClassHead(3, weight_column="w", loss_reduction="sum", name="m"),
        CLASSES[0],
        CLASSES[1][:, None],
        FEATURES,
        [1.5, 0.5],
    ),
    "multi_vocabulary": lambda: (MultiClassHead(3, "w", ["a", "b", "c"]), CLASSES[0], WORDS, FEATURES, None),
    "multi_loss_fn": lambda: (
        MultiClassHead(
            3, loss_fn=lambda labels, logits: tf.cast(labels, tf.float32) * tf.reduce_sum(logits, -1, keepdims=True)
        ),
        *CLASSES,
        FEATURES,
        None,
    ),
    "multi_rank3": lambda: (
        MultiClassHead(3),
        CLASSES[0].reshape(2, 2, 3),
        CLASSES[1].reshape(2, 2),
        FEATURES,
        None,
    ),
    "label": lambda: (MultiLabelHead(3), SETS, HOT, FEATURES, None),
    "label_all": lambda: (
        MultiLabelHead(3, "w", [0.3, 0.6], None, "sum", classes_for_class_based_metrics=[0, 2], name="l"),
        SETS,
        HOT,
        FEATURES,
        [1.5, 0.5],
    ),
    "label_sparse": lambda: (
        MultiLabelHead(3, classes_for_class_based_metrics=[1]),
        SETS,
        _sparse([0, 2, 2, 1, 0], [4, 3], IN_SETS),
        FEATURES,
        None,
    ),
    "label_sparse_words": lambda: (
        MultiLabelHead(3, "w", label_vocabulary=["a", "b", "c"], classes_for_class_based_metrics=["c", "a"]),
        SETS,
        _sparse(["a", "c", "c", "b", "a"], [4, 3], IN_SETS),
        FEATURES,
        None,
    ),
    "label_loss_fn": lambda: (
        MultiLabelHead(
            3, loss_fn=lambda labels, logits: tf.reduce_sum(tf.cast(labels, tf.float32) * logits, -1, keepdims=True)
        ),
        SETS,
        HOT,
        FEATURES,
        None,
    ),
    "regression": lambda: (RegressionHead(), *NUMBERS, FEATURES, None),
    "regression_2_weights": lambda: (
        RegressionHead(2, weight_column="w", name="r"),
        PAIRS,
        TRUE_PAIRS,
        FEATURES,
        [1.5, 0.5],
    ),
    "regression_2_per_logit_sum": lambda: (
        RegressionHead(2, weight_column="w2", loss_reduction="sum"),
        PAIRS,
        TRUE_PAIRS,
        {"w2": np.array([[1, 2], [0, 1], [3, 1], [0.5, 2]], np.float32)},
        None,
    ),
    "regression_functions": lambda: (
        RegressionHead(loss_fn=lambda labels, logits: abs(labels - logits), inverse_link_fn=tf.math.square),
        *NUMBERS,
        FEATURES,
        None,
    ),
    "poisson": lambda: (
        PoissonRegressionHead(weight_column="w"),
        NUMBERS[0],
        np.array([[3], [0], [1], [7]], np.float32),
        FEATURES,
        None,
    ),
    "poisson_short_sum": lambda: (
        PoissonRegressionHead(2, loss_reduction="sum", compute_full_loss=False, name="p"),
        PAIRS,
        abs(TRUE_PAIRS),
        FEATURES,
        None,
    ),
    "logistic": lambda: (
        LogisticRegressionHead(weight_column="w", name="g"),
        NUMBERS[0],
        np.array([[1], [0.5], [0], [0.2]], np.float32),
        FEATURES,
        [1.5, 0.5],
    ),
    "heads": lambda: (_two(), {"head1": BINARY[0], "head2": CLASSES[0]}, _TWO_LABELS, FEATURES, None),
    "heads_weights_tensor": lambda: (
        _two([0.5, 2.0]),
        np.concatenate([BINARY[0], CLASSES[0]], 1),
        _TWO_LABELS,
        FEATURES,
        [1.5, 0.5],
    ),
    "heads_regression": lambda: (
        MultiHead([RegressionHead(2, name="r"), PoissonRegressionHead(name="q")]),
        np.concatenate([PAIRS, NUMBERS[0]], 1),
        {"r": TRUE_PAIRS, "q": abs(NUMBERS[1])},
        FEATURES,
        None,
    ),
    "sequence": lambda: (
        SequentialHeadWrapper(BinaryClassHead(weight_column="w", name="s"), "mask", "w"),
        *SEQUENCES,
        STEPS,
        None,
    ),
    "sequence_classes": lambda: (
        SequentialHeadWrapper(MultiClassHead(3), "mask"),
        np.concatenate([SEQUENCES[0], -SEQUENCES[0], SEQUENCES[0] * 0 + 1], -1),
        np.array([[0, 2, 9], [1, 9, 9]]),
        STEPS,
        [1.5, 0.5],
    ),
    "sequence_sparse": lambda: (
        SequentialHeadWrapper(BinaryClassHead(), "mask"),
        SEQUENCES[0],
        _sparse([1, 1, 0], [2, 3], [[1, 0], [0, 0], [0, 1]]),
        STEPS,
        None,
    ),
}
IN_GRAPH = ["binary_weights_thresholds", "multi_vocabulary", "label_sparse_words", "regression_2_weights"]
IN_GRAPH += ["heads_weights_tensor", "sequence"]


def _tensors(values):
    if isinstance(values, dict):
        return {name: tf.constant(value) for name, value in values.items()}
    return values if isinstance(values, tf.SparseTensor) else tf.constant(values)


def _losses(regularization_losses):
    return regularization_losses and [tf.constant(loss) for loss in regularization_losses]


def _open(value):
    """The type of a tensor of which only the rank is known."""
    if isinstance(value, tf.SparseTensor):
        return tf.SparseTensorSpec([None] * value.shape.rank, value.dtype)
    return tf.TensorSpec([None] * value.shape.rank, value.dtype)


def _once(next_creator, **options):
    with tf.init_scope():
        return next_creator(**options)


def _traced(function, kinds):
    """A function that runs, in order, all that one does in a graph."""

    def body(*flat):
        with AutomaticControlDependencies() as ordered, tf.variable_creator_scope(_once):
            return ordered.mark_as_return(function(*tf.nest.pack_sequence_as(kinds, flat, expand_composites=True)))

    wrapped = tf.compat.v1.wrap_function(body, tf.nest.flatten(kinds, expand_composites=True))
    return lambda *batch: wrapped(*tf.nest.flatten(batch, expand_composites=True))


def _plain(tensor):
    return tensor.numpy().astype(str).tolist() if tensor.dtype == tf.string else tensor.numpy()


def _told(predictions):
    return {"|".join(key) if isinstance(key, tuple) else key: value for key, value in predictions.items()}


def _results(metrics):
    return {key: float(metric.result()) for key, metric in metrics.items()}


@pytest.mark.parametrize("name", CASES)
def test_loss_and_metrics_eagerly(name):
    head, logits, labels, features, extra = CASES[name]()
    logits, labels, features = _tensors(logits), _tensors(labels), _tensors(features)
    loss = head.loss(labels, logits, features, ModeKeys.TRAIN, _losses(extra))
    assert loss.shape == () and float(loss) == pytest.approx(RECORDED[name]["loss"], rel=1e-6)
    metrics = head.metrics(_losses(extra))
    for _ in range(2):
        metrics = head.update_metrics(metrics, features, logits, labels, regularization_losses=_losses(extra))
    assert _results(metrics) == pytest.approx(RECORDED[name]["metrics"], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", IN_GRAPH)
def test_evaluation_in_a_graph_of_unknown_sizes(name):
    head, logits, labels, features, extra = CASES[name]()
    batch = [_tensors(values) for values in (features, logits, labels)]
    made = {}

    def evaluate(features, logits, labels):
        made["spec"] = head.create_estimator_spec(
            features, ModeKeys.EVAL, logits, labels, regularization_losses=_losses(extra)
        )
        return made["spec"].loss

    step = _traced(evaluate, tf.nest.map_structure(_open, batch))
    for _ in range(2):
        loss = step(*batch)
    assert float(loss) == pytest.approx(RECORDED[name]["loss"], rel=1e-6)
    assert _results(made["spec"].eval_metric_ops) == pytest.approx(RECORDED[name]["metrics"], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", [name for name in CASES if "predictions" in RECORDED[name]])
def test_predictions(name):
    head, logits, *_ = CASES[name]()
    predictions = _told(head.predictions(_tensors(logits)))
    assert sorted(predictions) == sorted(RECORDED[name]["predictions"])
    for key, (dtype, values) in RECORDED[name]["predictions"].items():
        assert predictions[key].dtype.name == dtype
        got = _plain(predictions[key])
        assert got == values if dtype == "string" else np.shape(got) == np.shape(values)
        assert dtype == "string" or np.allclose(got, values, rtol=1e-5)


@pytest.mark.parametrize("name", [name for name in CASES if "outputs" in RECORDED[name]])
def test_what_is_served(name):
    head, logits, _, features, _ = CASES[name]()
    spec = head.create_estimator_spec(_tensors(features), ModeKeys.PREDICT, _tensors(logits))
    assert {key: type(output).__name__ for key, output in spec.export_outputs.items()} == RECORDED[name]["outputs"]
    assert sorted(spec.export_outputs["predict"].outputs) == RECORDED[name]["served"]
    assert spec.mode == ModeKeys.PREDICT and spec.loss is None and spec.train_op is None


def test_a_regression_signature_of_two_classes_gives_the_probability_of_the_second():
    spec = BinaryClassHead().create_estimator_spec({}, ModeKeys.PREDICT, tf.constant([[0.0]]))
    assert spec.export_outputs["regression"].value.numpy().tolist() == [[0.5]]
    assert spec.export_outputs["classification"].scores.numpy().tolist() == [[0.5, 0.5]]


def test_only_the_predictions_asked_for():
    assert sorted(BinaryClassHead().predictions(BINARY[0], ["classes", "logistic"])) == ["classes", "logistic"]
    assert sorted(RegressionHead().predictions(NUMBERS[0])) == ["predictions"]


def test_logits_and_labels_may_be_arrays():
    assert float(RegressionHead().loss(np.array([1, 0]), np.array([[1.0], [2.0]]))) == 2


def test_the_mask_of_a_sequence_is_among_its_predictions():
    head = SequentialHeadWrapper(BinaryClassHead(name="s"), "mask")
    spec = head.create_estimator_spec(_tensors(STEPS), ModeKeys.PREDICT, tf.constant(SEQUENCES[0]))
    assert spec.predictions["mask"].numpy().tolist() == MASK.tolist()
    assert spec.predictions["logistic"].shape == (2, 3, 1)
    assert (head.name, head.input_sequence_mask_key, head.logits_dimension) == ("s_sequential", "mask", 1)


def test_a_loss_fn_gets_what_it_names():
    came = {}

    def loss_fn(labels, logits, features, loss_reduction):
        came.update(features=features, loss_reduction=loss_reduction)
        return tf.zeros_like(logits)

    head = BinaryClassHead(loss_fn=loss_fn, loss_reduction="sum")
    assert float(head.loss(BINARY[1], BINARY[0], {"x": 1})) == 0
    assert came == {"features": {"x": 1}, "loss_reduction": "sum"}


def test_no_regularization_losses_add_nothing():
    head = RegressionHead()
    assert float(head.loss([1.0], [[2.0]], regularization_losses=[])) == 1
    metrics = head.update_metrics(head.metrics([]), {}, [[2.0]], [1.0], regularization_losses=[])
    assert float(metrics["regularization_loss"].result()) == 0


def test_words_are_told_from_each_other_in_a_long_vocabulary():
    words = [f"word{number}" for number in range(2000)]
    ids = heads.vocabulary.label_ids(tf.constant([["word1999"], ["word0"], ["word7"]]), words)
    assert ids.numpy().tolist() == [[1999], [0], [7]]


def test_names_and_dimensions_of_several_heads():
    head = _two()
    assert (head.name, head.logits_dimension, head.loss_reduction) == ("head1_head2", 4, "sum_over_batch_size")


def test_a_head_of_ones_own_needs_no_spec():
    class Nearest(heads.Head):
        name, logits_dimension, loss_reduction = None, 1, "sum"

        def loss(self, labels, logits, features=None, mode=None, regularization_losses=None):
            return tf.reduce_sum(abs(labels - logits))

        def predictions(self, logits, keys=None):
            return {"value": logits}

        def metrics(self, regularization_losses=None):
            return {}

        def update_metrics(self, eval_metrics, features, logits, labels, mode=None, regularization_losses=None):
            return eval_metrics

    spec = Nearest().create_estimator_spec({}, ModeKeys.EVAL, tf.constant([[1.0]]), tf.constant([[3.0]]))
    assert float(spec.loss) == 2
    served = Nearest().create_estimator_spec({}, ModeKeys.PREDICT, tf.constant([[1.0]])).export_outputs
    assert list(served["serving_default"].outputs) == ["value"]
