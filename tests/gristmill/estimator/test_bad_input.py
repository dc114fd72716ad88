"""Bad batches: what is refused, by which error, and that its text names the feature or argument, the rule and what came."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import gristmill.estimator as tf_estimator
from gristmill.errors import InputError
from gristmill.estimator.canned.rnn import RNNClassifier
from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.features import CategoryColumn, CrossColumn, NumberColumn

fc = tf.feature_column

GOOD = {
    "n": np.array([1.0, 2.0, 3.0, 4.0], np.float32),
    "i": np.array([0, 1, 2, 3]),
    "v": np.array(["a", "b", "a", "b"]),
}
LABELS = np.array([0, 1, 0, 1])
COLUMNS: dict[str, Any] = {
    "theirs": [
        fc.numeric_column("n"),
        fc.categorical_column_with_identity("i", 4),
        fc.categorical_column_with_vocabulary_list("v", ["a", "b"]),
    ],
    "own": [NumberColumn("n"), CategoryColumn("i", 4), CategoryColumn("v", vocabulary=("a", "b"))],
}
Make = Callable[[Path], Any]


def linear(kind: str = "theirs", **options: Any) -> Make:
    return lambda folder: tf_estimator.LinearClassifier(COLUMNS[kind], str(folder), **options)


def batched(features: Any, labels: Any = LABELS) -> Callable[[], tf.data.Dataset]:
    """Batches whose length the graph does not know."""
    return lambda: tf.data.Dataset.from_tensor_slices((features, labels)).batch(4)


def one(features: Any, labels: Any = LABELS) -> Callable[[], Any]:
    """One batch, whose length is known."""
    return lambda: (features, labels)


def drawn(features: dict[str, Any], labels: Any = LABELS) -> Callable[[], tf.data.Dataset]:
    """A batch of unknown length, from a generator that may give anything."""
    parts = ({name: tf.constant(value) for name, value in features.items()}, tf.constant(labels))
    spec = tf.nest.map_structure(lambda t: tf.TensorSpec([None, *t.shape[1:]], t.dtype), parts)
    return lambda: tf.data.Dataset.from_generator(lambda: iter([parts]), output_signature=spec)


def refused(call: str, estimator: Any, input_fn: Any) -> InputError:
    with pytest.raises(InputError) as told:
        if call == "train":
            estimator.train(input_fn, max_steps=1)
        elif call == "evaluate":
            estimator.evaluate(input_fn)
        else:
            list(estimator.predict(input_fn))
    return told.value


BATCHES: dict[str, tuple[Any, str]] = {
    "a feature is missing": (batched({n: GOOD[n] for n in "iv"}), "features must hold 'n', which.*'n'.*Received: i, v"),
    "text for a number": (batched(GOOD | {"n": GOOD["v"]}), "'n' reads numbers of 'n'. Received: string"),
    "numbers for text": (batched(GOOD | {"v": GOOD["i"]}), "'v' reads strings of 'v'. Received: int64"),
    "numbers for indices": (batched(GOOD | {"i": GOOD["n"]}), "'i' reads integers of 'i'. Received: float32"),
    "text for indices": (batched(GOOD | {"i": GOOD["v"]}), "'i' reads integers of 'i'. Received: string"),
    "a wrong shape": (batched(GOOD | {"n": np.ones((4, 3))}), r"'n' reads .* a record of 'n'. Received: \[3\]"),
    "a sparse number": (one(GOOD | {"n": tf.sparse.from_dense(GOOD["n"][:, None])}), "dense tensor of 'n'.*SparseTensor"),
    "lengths that differ": (one(GOOD | {"n": GOOD["n"][:3]}), "of one batch, equally long. Received: .*n 3"),
    "lengths that turn out so": (
        drawn(GOOD | {"n": GOOD["n"][:3]}),
        r"equally long: (i, n, v. Received: \[4 3 4\]|n, i, v. Received: \[3 4 4\])",
    ),
    "an index too large": (batched(GOOD | {"i": GOOD["i"] * 3}), r"'i' must lie within \[0, 3\].* Received: \[6 9\]"),
    "an index below": (batched(GOOD | {"i": GOOD["i"] - 2}), r"'i' must lie within \[0, 3\].* Received: \[-2"),
    "no dict": (batched(GOOD["n"]), "features must be a dict.*Received: (Symbolic)?Tensor"),
    "no record": (one(GOOD, LABELS[:0]), "input_fn must give batches of at least one example. Received: an empty one"),
    "no record, by surprise": (
        drawn({name: value[:0] for name, value in GOOD.items()}, LABELS[:0]),
        "input_fn must give batches of at least one example. Received: an empty one",
    ),
    "no batch": (lambda: batched(GOOD)().take(0), "input_fn must give at least one batch. Received: none"),
    "no batch, by surprise": (
        lambda: batched(GOOD)().filter(lambda *batch: False),
        "input_fn must give at least one batch. Received: none",
    ),
    "records, not batches": (
        lambda: tf.data.Dataset.from_tensor_slices((GOOD, LABELS)),
        "'[in]' must have one row a record. Received: a scalar",
    ),
    "labels beyond the classes": (batched(GOOD, LABELS * 2), r"`labels` must lie within \[0, 1\]. Received: \[2 2\]"),
    "labels that are text": (batched(GOOD, GOOD["v"]), "`labels` must be numbers.* Received: dtype=string"),
    "labels of a wrong shape": (batched(GOOD, np.ones((4, 2))), r"`labels` must have the shape .* Received: .*\(None, 2\)"),
    "no labels": (lambda: tf.data.Dataset.from_tensors(GOOD), "must provide a labels Tensor.*Received: None"),
    "labels None": (lambda: (GOOD, None), "must provide a labels Tensor.*Received: None"),
}  # fmt: skip
SEEN_IN_PREDICTION = ("a feature is missing", "text for a number", "lengths that turn out so", "an index too large")


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize(
    ("call", "name"),
    [("train", name) for name in BATCHES]
    + [("evaluate", name) for name in ("an index too large", "labels beyond the classes", "no record, by surprise")]
    + [("predict", name) for name in SEEN_IN_PREDICTION],
)
def test_batches(call: str, name: str, kind: str, tmp_path: Path) -> None:
    input_fn, text = BATCHES[name]
    error = refused(call, linear(kind)(tmp_path), input_fn)
    assert isinstance(error, ArgumentError)
    assert re.search(text, str(error))


STEPS = fc.indicator_column(fc.sequence_categorical_column_with_identity("s", 3))
CROSS = CrossColumn(CategoryColumn("i", 4), CategoryColumn("j", 4, length=2))
OTHERS: dict[str, tuple[Make, Any, str]] = {
    "a label that is no word": (
        linear(label_vocabulary=["a", "b"]),
        batched(GOOD, np.array(["a", "b", "c", "a"])),
        r"`labels` must be in the label_vocabulary \['a', 'b'\]. Received: \[c\]",
    ),
    "labels of three classes": (
        linear(n_classes=3),
        batched(GOOD, LABELS - 1),
        r"`labels` must lie within \[0, 2\]. Received: \[-1 -1\]",
    ),
    "weights below 0": (
        linear(weight_column="w"),
        batched(GOOD | {"w": -GOOD["n"]}),
        r"weights 'w' must be finite and 0 or more. Received: \[-1 -2 -3 -4\]",
    ),
    "no weights": (
        linear(weight_column="w"),
        batched(GOOD),
        "the weights 'w' must be among the features. Received: i, n, v",
    ),
    "an embedding's index": (
        lambda folder: tf_estimator.DNNClassifier([2], [fc.embedding_column(COLUMNS["theirs"][1], 2)], str(folder)),
        batched({"i": GOOD["i"] + 1}),
        r"'i' must lie within \[0, 3\], which the column 'i' reads.* Received: \[4\]",
    ),
    "one of several indices": (
        lambda folder: tf_estimator.LinearClassifier([COLUMNS["theirs"][1]], str(folder)),
        batched({"i": np.array([[0, 1], [2, -1], [3, 8], [0, -1]])}),
        r"'i' must lie within \[0, 3\].* Received: \[8\]",
    ),
    "an index of a cross": (
        lambda folder: tf_estimator.LinearClassifier([CROSS], str(folder)),
        batched({"i": GOOD["i"], "j": np.array([[0, 1], [2, 0], [3, 8], [0, 0]])}),
        r"'j' must lie within \[0, 3\], which the column 'j' reads. Received: \[8\]",
    ),
    "a list too long": (
        lambda folder: tf_estimator.LinearClassifier([CROSS], str(folder)),
        batched({"i": GOOD["i"], "j": np.zeros((4, 3), np.int64)}),
        r"'i_x_j' reads \[2\] a record of 'j'. Received: \[3\]",
    ),
    "a list of one": (
        lambda folder: tf_estimator.LinearClassifier([CROSS], str(folder)),
        batched({"i": GOOD["i"], "j": np.zeros((4, 1), np.int64)}),
        r"'i_x_j' reads \[2\] a record of 'j'. Received: \[1\]",
    ),
    "a step's index": (
        lambda folder: RNNClassifier([STEPS], units=2, model_dir=str(folder)),
        batched({"s": np.array([[0, 1], [2, -1], [5, -1], [0, 0]])}),
        r"'s' must lie within \[0, 2\], which the column 's' reads.* Received: \[5\]",
    ),
    "an index of trees": (
        lambda folder: tf_estimator.BoostedTreesClassifier(
            [fc.indicator_column(COLUMNS["theirs"][1])], 1, model_dir=str(folder), n_trees=1
        ),
        batched({"i": GOOD["i"] + 1}),
        r"'i' must lie within \[0, 3\].* Received: \[4\]",
    ),
    "records for a baseline": (
        lambda folder: tf_estimator.BaselineClassifier(str(folder)),
        lambda: tf.data.Dataset.from_tensor_slices((GOOD, LABELS)),
        "the feature 'n' must have one row a record: batch the dataset. Received: a scalar",
    ),
    "a baseline's labels": (
        lambda folder: tf_estimator.BaselineClassifier(str(folder), n_classes=3),
        batched(GOOD, LABELS + 2),
        r"`labels` must lie within \[0, 2\]. Received: \[3 3\]",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_batches_of_other_models(name: str, tmp_path: Path) -> None:
    make, input_fn, text = OTHERS[name]
    with pytest.raises(ArgumentError, match=text):
        raise refused("train", make(tmp_path), input_fn)


@pytest.mark.parametrize(
    ("input_fn", "kind", "text"),
    [
        (lambda: None, KindError, "input_fn must give a tf.data.Dataset, or features .* Received: features, NoneType"),
        (lambda: iter([1]), KindError, "input_fn must give a tf.data.Dataset.* Received: features, list_iterator"),
        (lambda: (GOOD, LABELS, LABELS, LABELS), KindError, "features, or features and labels. Received: 4 parts"),
        (lambda: tf.data.Dataset.from_tensors((1, 2, 3, 4)), KindError, "features and labels. Received: 4 parts"),
        (3, KindError, "input_fn must be callable. Received: 3"),
        (lambda batch_size: (GOOD, LABELS), ArgumentError, "input_fn may take mode, params, config, .*Received: batch_size"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("call", ["train", "evaluate", "predict"])
def test_what_is_no_input(call: str, input_fn: Any, kind: type[InputError], text: str, tmp_path: Path) -> None:
    with pytest.raises(kind, match=text):
        raise refused(call, linear()(tmp_path), input_fn)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("n_classes", [1, 0, None, 2.5, "3"])
@pytest.mark.parametrize("make", [linear, lambda **options: lambda folder: tf_estimator.BaselineClassifier(**options)])
def test_a_number_of_classes(make: Any, n_classes: Any, tmp_path: Path) -> None:
    with pytest.raises(
        ArgumentError, match=f"`n_classes` must be an integer, 2 or more. Received: n_classes={n_classes!r}"
    ):
        make(n_classes=n_classes)(tmp_path)


def test_a_later_batch_is_refused_and_leaves_the_weights_of_the_last_checkpoint(tmp_path: Path) -> None:
    estimator = linear()(tmp_path).train(batched(GOOD), steps=1)
    before = estimator.get_variable_value("linear/linear_model/n/weights")
    with pytest.raises(ArgumentError, match=r"`labels` must lie within \[0, 1\]. Received: \[7\]"):
        estimator.train(lambda: batched(GOOD)().repeat(90).concatenate(batched(GOOD, LABELS * 0 + [0, 0, 0, 7])()))
    np.testing.assert_array_equal(estimator.get_variable_value("linear/linear_model/n/weights"), before)
    assert estimator.get_variable_value("global_step") == 1


def test_fit_refuses_a_bad_batch(tmp_path: Path) -> None:
    class Batches:
        def __len__(self) -> int:
            return 1

        def __call__(self, epoch: int, start: int) -> tf.data.Dataset:
            return batched(GOOD, LABELS * 2)()

    with pytest.raises(ArgumentError, match=r"`labels` must lie within \[0, 1\]. Received: \[2 2\]"):
        linear("own")(tmp_path).fit(Batches(), epochs=1)


def test_predict_takes_an_empty_batch(tmp_path: Path) -> None:
    nothing = drawn({name: value[:0] for name, value in GOOD.items()}, LABELS[:0])
    assert list(linear()(tmp_path).predict(nothing)) == []
