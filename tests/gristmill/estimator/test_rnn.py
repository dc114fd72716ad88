"""Recurrent estimators: the numbers of tf.estimator 2.15.1 from the same weights, padding, kinds of cells, refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.canned.rnn import RNNClassifier, RNNEstimator
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.heads import BinaryClassHead, RegressionHead, SequentialHeadWrapper
from gristmill.training import Checkpoints

fc = tf.feature_column

EMBEDDING = {"sequence_features/tok_embedding/embedding_weights": (5, 2)}
GRU = {"gru_cell/bias": (2, 9), "gru_cell/kernel": (3, 9), "gru_cell/recurrent_kernel": (3, 9)}
CASES: dict[str, dict[str, Any]] = {
    "simple": {
        "options": {"units": [3]},
        "labels": [[1], [0], [1]],
        "shapes": {
            "rnn_model/logits/bias": (1,),
            "rnn_model/logits/kernel": (3, 1),
            "rnn_model/rnn/simple_rnn_cell/bias": (3,),
            "rnn_model/rnn/simple_rnn_cell/kernel": (3, 3),
            "rnn_model/rnn/simple_rnn_cell/recurrent_kernel": (3, 3),
        },
        "loss": 0.6139853596687317,
        "logits": [[0.14790520071983337], [0.04620954394340515], [0.4238537847995758]],
    },
    "lstm": {
        "options": {
            "context_feature_columns": [fc.numeric_column("c")],
            "units": [3, 2],
            "cell_type": "lstm",
            "n_classes": 3,
        },
        "labels": [[2], [0], [1]],
        "shapes": {
            "rnn_model/logits/bias": (3,),
            "rnn_model/logits/kernel": (2, 3),
            "rnn_model/rnn/stacked_rnn_cells/lstm_cell/bias": (12,),
            "rnn_model/rnn/stacked_rnn_cells/lstm_cell/kernel": (4, 12),
            "rnn_model/rnn/stacked_rnn_cells/lstm_cell/recurrent_kernel": (3, 12),
            "rnn_model/rnn/stacked_rnn_cells/lstm_cell_1/bias": (8,),
            "rnn_model/rnn/stacked_rnn_cells/lstm_cell_1/kernel": (3, 8),
            "rnn_model/rnn/stacked_rnn_cells/lstm_cell_1/recurrent_kernel": (2, 8),
        },
        "logits": [
            [0.29228347539901733, -0.18874779343605042, -0.26093098521232605],
            [0.28452304005622864, -0.20194514095783234, -0.24955978989601135],
            [0.30346497893333435, -0.19141244888305664, -0.2716640830039978],
        ],
    },
    "gru": {
        "options": {"units": 3, "cell_type": "gru", "optimizer": "Adam"},
        "labels": [[1], [0], [1]],
        "shapes": {
            "rnn_model/logits/bias": (1,),
            "rnn_model/logits/kernel": (3, 1),
            **{f"rnn_model/gru/{name}": shape for name, shape in GRU.items()},
        },
        "logits": [[0.31337985396385193], [0.18039610981941223], [1.0083085298538208]],
    },
    "sequence": {
        "options": {
            "units": [3],
            "cell_type": "gru",
            "return_sequences": True,
            "weight_column": "w",
            "loss_reduction": "sum",
            "sequence_mask": "mask",
        },
        "labels": [[1, 0, 1], [0, 0, 0], [1, 1, 0]],
        "shapes": {
            "rnn_model/logits/bias": (1,),
            "rnn_model/logits/kernel": (3, 1),
            **{f"rnn_model/rnn/{name}": shape for name, shape in GRU.items()},
        },
        "loss": 10.664648056030273,
        "logits": [
            [[0.13153991103172302], [0.03477826714515686], [-0.3785049319267273]],
            [[-0.26586830615997314], [-0.26586830615997314], [-0.26586830615997314]],
            [[0.9516588449478149], [0.9246373176574707], [0.9246373176574707]],
        ],
    },
}
"""What tf.estimator 2.15.1 gave: the logits, and for two the loss, after four steps from the values of `weights`."""


def columns() -> list[Any]:
    tokens = fc.sequence_categorical_column_with_identity("tok", 5)
    return [fc.embedding_column(tokens, 2), fc.sequence_numeric_column("x")]


def features() -> dict[str, Any]:
    return {
        "tok": tf.sparse.from_dense([[1, 2, 3], [4, 0, 0], [2, 2, 0]]),
        "x": tf.ragged.constant([[1.0, 2.0, 3.0], [4.0], [-1.0, 0.5]]).to_sparse(),
        "c": tf.constant([[1.0], [2.0], [-1.0]]),
        "w": tf.constant([[1.0, 2.0, 3.0], [4.0, 0.0, 0.0], [5.0, 6.0, 0.0]]),
    }


def batches(labels: Any, count: int = 4) -> Callable[[], tf.data.Dataset]:
    return lambda: tf.data.Dataset.from_tensors((features(), tf.constant(labels))).repeat(count)


def weights(shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """Values that only depend on names and shapes."""
    made = {
        name: (0.4 * np.sin(np.arange(np.prod(shape)) * 1.7 + len(name))).reshape(shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    return {**made, "global_step": np.int64(0)}


@pytest.mark.parametrize("name", CASES)
def test_trains_as_2_15_did_from_a_checkpoint_with_its_names(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    start = weights({**case["shapes"], **EMBEDDING})
    Checkpoints(tmp_path).save(0, start)
    made = RNNClassifier(columns(), model_dir=tmp_path, **case["options"])
    fn = batches(case["labels"])
    made.train(fn)
    own = {one for one in made.get_variable_names() if not one.startswith(("training/", "seed_generator"))}
    told = list(made.predict(batches(case["labels"], 1)))
    np.testing.assert_allclose([one["logits"] for one in told], case["logits"], atol=2e-5)
    assert own == set(start)
    if "loss" in case:
        assert made.evaluate(fn, steps=1)["loss"] == pytest.approx(case["loss"], rel=1e-5)
    if name == "simple":
        assert {f"training/Adagrad/{one}/accumulator" for one in own - {"global_step"}} <= set(
            made.get_variable_names()
        )
    if name == "sequence":
        masks = [one["mask"].tolist() for one in told]
        assert masks == [[True, True, True], [True, False, False], [True, True, False]]


def test_padding_changes_nothing(tmp_path: Path) -> None:
    made = RNNClassifier([fc.sequence_numeric_column("x")], units=[4], cell_type="lstm", model_dir=tmp_path)

    def logits(rows: list[list[float]]) -> Any:
        ragged = tf.ragged.constant(rows)
        fn = lambda: tf.data.Dataset.from_tensors({"x": ragged.to_sparse()})  # noqa: E731
        return np.stack([one["logits"] for one in made.predict(fn)])

    labelled = tf.data.Dataset.from_tensors(({"x": tf.ragged.constant([[1.0], [2.0, 3.0]]).to_sparse()}, [[1], [0]]))
    made.train(lambda: labelled)
    alone = logits([[0.5, -1.0]])
    np.testing.assert_allclose(logits([[0.5, -1.0], [1.0, 2.0, 3.0, 4.0, 5.0]])[:1], alone, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"units": 4},
        {"units": [3], "cell_type": keras.layers.GRUCell, "optimizer": lambda: keras.optimizers.SGD(0.1)},
        {"rnn_cell_fn": lambda: [keras.layers.GRUCell(2), keras.layers.LSTMCell(3)]},
    ],
)
def test_any_cells_train(options: dict[str, Any], tmp_path: Path) -> None:
    made = RNNEstimator(RegressionHead(), columns(), model_dir=tmp_path, **options).train(
        batches([[0.5], [1.0], [-1.0]])
    )
    assert made.get_variable_value("global_step") == 4


def test_training_goes_on_with_dropout(tmp_path: Path) -> None:
    for steps in (4, 8):
        made = RNNEstimator(
            RegressionHead(), columns(), rnn_cell_fn=lambda: keras.layers.LSTMCell(3, dropout=0.2), model_dir=tmp_path
        )
        made.train(batches([[0.5], [1.0], [-1.0]]))
        assert made.get_variable_value("global_step") == steps


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "`units` must be at least one positive integer"),
        ({"units": []}, "`units` must be at least one positive integer"),
        ({"units": [0]}, "`units` must be at least one positive integer"),
        ({"units": [2], "cell_type": "lstn"}, "`cell_type` must be one of gru, lstm, simple_rnn"),
        ({"units": [2], "rnn_cell_fn": lambda: None}, "must not be specified when using rnn_cell_fn"),
        ({"cell_type": "lstm", "rnn_cell_fn": lambda: None}, "must not be specified when using rnn_cell_fn"),
    ],
)
def test_refuses_what_makes_no_network(options: dict[str, Any], text: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=text):
        RNNClassifier(columns(), model_dir=tmp_path, **options)


def test_refuses_sequences_without_a_head_for_them(tmp_path: Path) -> None:
    head = BinaryClassHead()
    with pytest.raises(ArgumentError, match="SequentialHeadWrapper"):
        RNNEstimator(head, columns(), units=[2], return_sequences=True, model_dir=tmp_path)
    RNNEstimator(SequentialHeadWrapper(head), columns(), units=[2], return_sequences=True, model_dir=tmp_path)


def test_refuses_a_class_that_makes_no_cell(tmp_path: Path) -> None:
    made = RNNClassifier(columns(), units=[2], cell_type=dict, model_dir=tmp_path)
    with pytest.raises(ArgumentError, match="a cell must have `call` and `state_size`"):
        made.train(batches([[1], [0], [1]]))
