"""What trees read of feature columns, and what they refuse."""

import numpy as np
import pytest
import tensorflow as tf

from gristmill.errors import InputError
from gristmill.estimator.canned.boosted_trees import BoostedTreesClassifier, BoostedTreesRegressor
from gristmill.estimator.canned.linear import LinearClassifier
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.trees import TreeInput
from gristmill.features import CategoryColumn, NumberColumn

fc = tf.feature_column
A = fc.numeric_column("a")
WORD = fc.categorical_column_with_vocabulary_list("word", ["x", "y"])
FEATURES = {"a": np.arange(4, dtype=np.float32)}
LABELS = np.array([0, 0, 1, 1])


def given(features, labels=None):
    return lambda: tf.data.Dataset.from_tensors(features if labels is None else (features, labels))


def classifier(folder, **options):
    return BoostedTreesClassifier([A], 1, folder, **{"n_trees": 2, **options})


def test_numbers_come_as_they_are_and_categories_as_counts():
    columns = [
        fc.numeric_column("pair", shape=(2,)),
        fc.indicator_column(WORD),
        fc.bucketized_column(fc.numeric_column("pair", shape=(2,)), [0.0, 1.0]),
        NumberColumn("own", mean=5.0, deviation=2.0),
    ]
    read = TreeInput(columns)
    assert read.names == ["own", "pair", "pair", "pair_bucketized", "pair_bucketized", "word", "word"]
    found = read({
        "pair": tf.constant([[-1.0, 0.5], [np.nan, 1.0]]),
        "own": tf.constant([7.0, np.nan]),
        "word": tf.constant([["y", "y"], ["x", "z"]]),
    }).numpy()  # fmt: skip
    np.testing.assert_array_equal(found[0], [7, -1, 0.5, 0, 1, 0, 2])
    np.testing.assert_array_equal(found[1, [0, 1, 2, 4, 5, 6]], [np.nan, np.nan, 1, 2, 1, 0])


def test_a_bucket_is_a_place_in_an_order(tmp_path):
    """One comparison parts buckets that lie on two sides of a boundary, however many there are."""
    values = np.arange(40, dtype=np.float32)
    column = fc.bucketized_column(A, list(np.arange(1.0, 40.0)))
    made = BoostedTreesClassifier([column], 1, tmp_path, n_trees=5, max_depth=1)
    made.train(given({"a": values}, (values > 20).astype(np.int64)))
    assert made.evaluate(given({"a": values}, (values > 20).astype(np.int64)))["accuracy"] == 1
    assert made.experimental_feature_importances(normalize=True) == {"a_bucketized": 1.0}


def test_categories_tell(tmp_path):
    features = {"word": np.array(["x", "y", "z"] * 20)}
    labels = np.array([1, 0, 1] * 20)
    made = BoostedTreesClassifier([fc.indicator_column(WORD)], 1, tmp_path, n_trees=5).train(given(features, labels))
    assert made.evaluate(given(features, labels))["accuracy"] == 1
    assert list(made.experimental_feature_importances()) == ["word"]


@pytest.mark.parametrize(
    "columns",
    [
        [],
        [WORD],
        [fc.embedding_column(WORD, 2)],
        [CategoryColumn("c", 5)],
        [A, fc.numeric_column("a")],
        ["a"],
    ],
)
def test_other_columns_are_refused(columns):
    with pytest.raises(ArgumentError, match=r"column.*Received"):
        BoostedTreesClassifier(columns, 1)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"n_trees": 0}, "`n_trees` must be more than 0"),
        ({"max_depth": 0}, "`max_depth`"),
        ({"learning_rate": -1.0}, "`learning_rate`"),
        ({"l1_regularization": -1.0}, "`l1_regularization` must be 0 or more"),
        ({"quantile_sketch_epsilon": 1.0}, "between 0 and 1"),
        ({"pruning_mode": "some"}, "`pruning_mode` must be one of"),
        ({"pruning_mode": "pre"}, "`tree_complexity` must be more than 0 where pruning_mode='pre'"),
        ({"n_batches_per_layer": 2, "train_in_memory": True}, "`n_batches_per_layer` must be 1"),
        ({"n_batches_per_layer": 0}, "`n_batches_per_layer`"),
        ({"n_classes": 1}, "`n_classes`"),
        ({"label_vocabulary": ["a"]}, "`label_vocabulary`"),
    ],
)
def test_arguments_have_rules(options, text):
    with pytest.raises(ArgumentError, match=text):
        BoostedTreesClassifier([A], **{"n_batches_per_layer": 1, **options})


def test_a_regressor_tells_one_number():
    with pytest.raises(ArgumentError, match=r"`label_dimension` must be 1.*Received: label_dimension=2"):
        BoostedTreesRegressor([A], 1, label_dimension=2)


@pytest.mark.parametrize(
    ("features", "labels", "text"),
    [
        (FEATURES, LABELS + 1, r"`labels` must lie within \[0, 1\]"),
        (FEATURES, None, "labels"),
        (FEATURES, LABELS[:2], "labels"),
        (FEATURES, LABELS.astype(str), "`labels` must be numbers"),
        ({"b": LABELS}, LABELS, "features must hold 'a'"),
        ({"a": np.array([0, np.inf, 1, 1], np.float32)}, LABELS, "infinity in 'a'"),
        ({"a": np.zeros(0, np.float32)}, LABELS[:0], "at least one"),
    ],
)
def test_what_breaks_a_rule_is_not_learnt(tmp_path, features, labels, text):
    with pytest.raises(ArgumentError, match=text):
        classifier(tmp_path).train(given(features, labels))
    assert classifier(tmp_path).latest_checkpoint() is None


@pytest.mark.parametrize("weights", [[-1, 1, 1, 1], [0, 0, 0, 0], [np.nan, 1, 1, 1]])
def test_weights_have_rules(tmp_path, weights):
    features = {**FEATURES, "w": np.array(weights, np.float32)}
    with pytest.raises(ArgumentError, match="must be finite and 0 or more"):
        classifier(tmp_path, weight_column="w").train(given(features, LABELS))


def test_labels_must_be_finite(tmp_path):
    with pytest.raises(ArgumentError, match="labels must be finite"):
        BoostedTreesRegressor([A], 1, tmp_path).train(given(FEATURES, np.array([0, np.nan, 1, 1], np.float32)))


def test_an_input_without_a_batch_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="at least one"):
        classifier(tmp_path).train(lambda: tf.data.Dataset.from_tensors((FEATURES, LABELS)).take(0))


@pytest.mark.parametrize("steps", [{"steps": 0}, {"max_steps": -1}, {"steps": 1, "max_steps": 1}])
def test_steps_have_rules(tmp_path, steps):
    with pytest.raises(ArgumentError, match="steps"):
        classifier(tmp_path).train(given(FEATURES, LABELS), **steps)


def test_the_folder_of_another_model_is_refused(tmp_path):
    data = given(FEATURES, LABELS)
    LinearClassifier([A], tmp_path / "linear").train(data, steps=1)
    for act in ("train", "evaluate"):
        with pytest.raises(ArgumentError, match="must hold boosted trees; is it another model's"):
            getattr(classifier(tmp_path / "linear"), act)(data)
    classifier(tmp_path / "trees").train(data)
    with pytest.raises(ArgumentError, match=r"feature_columns must give the inputs.* a\. Received: b"):
        BoostedTreesClassifier([fc.numeric_column("b")], 1, tmp_path / "trees").train(data)
    with pytest.raises(ArgumentError, match="grown for 'multiclass num_class:3'"):
        classifier(tmp_path / "trees", n_classes=3).evaluate(data)
    with pytest.raises(ArgumentError, match="grown for 'regression'"):
        BoostedTreesRegressor([A], 1, tmp_path / "trees").train(data)


def test_before_training_there_is_nothing_to_explain(tmp_path):
    made = classifier(tmp_path)
    for act in (
        made.experimental_feature_importances,
        made.get_variable_names,
        lambda: next(made.experimental_predict_with_explanations(given(FEATURES))),
    ):
        with pytest.raises(InputError, match="train first"):
            act()
    assert next(made.predict(given(FEATURES)))["logits"] == [0.0]


def test_leaves_alone_have_no_importances_to_normalize(tmp_path):
    made = classifier(tmp_path).train(given(FEATURES, np.zeros(4, np.int64)))
    assert made.experimental_feature_importances() == {"a": 0.0}
    with pytest.raises(ArgumentError, match="must have splits"):
        made.experimental_feature_importances(normalize=True)


def test_trees_are_not_trained_in_a_graph(tmp_path):
    made = classifier(tmp_path)
    with pytest.raises(ArgumentError, match=r"BoostedTreesClassifier\.train"):
        made.model_fn(FEATURES, LABELS, "train", None)
