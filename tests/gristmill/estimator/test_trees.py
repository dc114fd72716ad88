"""Boosted trees as estimators: what they learn, how they go on, what they say and why, and what is exported."""

import subprocess
import sys

import lightgbm
import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.canned.boosted_trees import BoostedTreesClassifier, BoostedTreesRegressor
from gristmill.estimator.estimator import Estimator
from gristmill.estimator.export import ServingInputReceiver
from gristmill.estimator.extenders import add_metrics
from gristmill.estimator.hooks import CheckpointSaverListener, SessionRunArgs, SessionRunHook
from gristmill.estimator.run_config import RunConfig

fc = tf.feature_column
A, B = fc.numeric_column("a"), fc.numeric_column("b")


def corners(rows=400, seed=0):
    """Points of a square; those in two opposite quarters are of class 1, which no single number tells."""
    points = np.random.default_rng(seed).uniform(-1, 1, (rows, 2)).astype(np.float32)
    return {"a": points[:, 0], "b": points[:, 1]}, (points[:, 0] * points[:, 1] > 0).astype(np.int64)


def inputs(features, labels=None, batch=100, repeat=1):
    given = features if labels is None else (features, labels)
    return lambda: tf.data.Dataset.from_tensor_slices(given).batch(batch).repeat(repeat)


def classifier(folder, **options):
    given = {"n_batches_per_layer": 4, "n_trees": 10, "max_depth": 3, "learning_rate": 0.3, **options}
    return BoostedTreesClassifier([A, B], model_dir=folder, **given)


def logits(estimator, features, key="logits", **options):
    return np.stack([one[key] for one in estimator.predict(inputs(features), **options)])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    estimator = classifier(tmp_path_factory.mktemp("trees"), center_bias=True)
    return estimator.train(inputs(*corners()))


def test_what_no_single_number_tells_is_learnt(trained):
    assert isinstance(trained, Estimator)
    found = trained.evaluate(inputs(*corners(seed=1)))
    assert found["accuracy"] > 0.95
    assert found["global_step"] == 10 * 3 * 4


def test_predictions_are_those_of_a_classifier(trained):
    features, _ = corners(rows=3, seed=1)
    (first, *_), points = trained.predict(inputs(features)), features["a"][0] * features["b"][0]
    assert {name: value.shape for name, value in first.items()} == {
        "logits": (1,), "logistic": (1,), "probabilities": (2,), "class_ids": (1,), "classes": (1,),
        "all_class_ids": (2,), "all_classes": (2,),
    }  # fmt: skip
    assert first["class_ids"] == [int(points > 0)]
    assert first["classes"] == [b"%d" % (points > 0)]


def test_the_logits_are_those_of_the_saved_model_of_lightgbm(trained):
    features, _ = corners(seed=2)
    text = trained.get_variable_value("boosted_trees/model").decode()
    wanted = lightgbm.Booster(model_str=text).predict(np.stack([features["a"], features["b"]], 1), raw_score=True)
    np.testing.assert_allclose(logits(trained, features)[:, 0], wanted, atol=1e-5)


def test_a_checkpoint_holds_plain_tensors_by_name(trained):
    names = trained.get_variable_names()
    fields = ["feature", "inputs", "left", "model", "roots", "threshold", "value"]
    assert names == [*(f"boosted_trees/{field}" for field in fields), "global_step"]
    assert trained.latest_checkpoint().endswith("model.ckpt-120")


def test_to_go_on_is_to_grow_more_trees(tmp_path):
    features, labels = corners()
    whole = classifier(tmp_path / "whole").train(inputs(features, labels))
    parts = classifier(tmp_path / "parts", n_trees=4).train(inputs(features, labels))
    assert len(parts.get_variable_value("boosted_trees/roots")) == 4
    classifier(tmp_path / "parts").train(inputs(features, labels))
    np.testing.assert_allclose(logits(parts, features), logits(whole, features), atol=1e-6)
    assert parts.evaluate(inputs(features, labels))["global_step"] == 120


def test_steps_bound_the_trees_and_all_trees_end_training(tmp_path):
    made, given = classifier(tmp_path), inputs(*corners())
    assert len(made.train(given, steps=24).get_variable_value("boosted_trees/roots")) == 2
    made.train(given, max_steps=25)  # a tree that is begun is finished
    assert len(made.get_variable_value("boosted_trees/roots")) == 3
    made.train(given, max_steps=36)
    assert len(made.get_variable_value("boosted_trees/roots")) == 3
    assert len(made.train(given).train(given).get_variable_value("boosted_trees/roots")) == 10


def test_of_an_endless_input_the_batches_of_a_layer_are_read(tmp_path):
    features, labels = corners()
    ended = classifier(tmp_path / "ended").train(inputs(features, labels))
    endless = classifier(tmp_path / "endless").train(inputs(features, labels, repeat=-1))
    np.testing.assert_array_equal(logits(endless, features), logits(ended, features))


def test_tensors_are_one_batch(tmp_path):
    features, labels = corners()
    made = classifier(tmp_path, n_batches_per_layer=1, train_in_memory=True).train(lambda: (features, labels))
    assert made.evaluate(lambda: (features, labels))["accuracy"] > 0.95


def test_missing_numbers_take_the_way_that_was_learnt(tmp_path):
    features, labels = corners()
    features["a"] = np.where(labels == 1, np.nan, np.where(features["a"] > 0, 1.0, -1.0)).astype(np.float32)
    made = classifier(tmp_path).train(inputs(features, labels))
    found = made.evaluate(inputs(features, labels))
    assert found["accuracy"] == 1


def test_several_classes_have_a_tree_each(tmp_path):
    features, _ = corners()
    labels = np.digitize(features["a"], [-0.3, 0.3])
    words = np.array([b"low", b"middle", b"high"])
    made = classifier(tmp_path, n_classes=3, label_vocabulary=["low", "middle", "high"], n_trees=5)
    made.train(inputs(features, words[labels]))
    assert len(made.get_variable_value("boosted_trees/roots")) == 15
    assert made.evaluate(inputs(features, words[labels]))["accuracy"] > 0.99
    first = next(made.predict(inputs(features)))
    assert first["logits"].shape == (3,)
    assert first["classes"] == [words[labels[0]]]


def test_labels_may_be_shares(tmp_path):
    features, _ = corners()
    labels = np.where(features["a"] > 0, 0.75, 0.25).astype(np.float32)
    made = classifier(tmp_path, n_trees=40).train(inputs(features, labels))
    np.testing.assert_allclose(logits(made, features, "logistic")[:, 0], labels, atol=0.01)


def test_a_regressor_tells_numbers(tmp_path):
    features, _ = corners()
    labels = np.where(features["a"] > 0, 30.0, 10.0).astype(np.float32)
    made = BoostedTreesRegressor([A], 4, tmp_path, n_trees=30, max_depth=1, learning_rate=0.5, center_bias=True)
    found = made.train(inputs(features, labels)).evaluate(inputs(features, labels))
    assert found["average_loss"] < 1e-3
    np.testing.assert_allclose(logits(made, features, "predictions")[:, 0], labels, atol=0.01)


@pytest.mark.parametrize("weight", [0.001, 1.0, 1000.0])
def test_a_weight_counts_as_so_many_examples(tmp_path, weight):
    values, labels = np.array([0.0, 0.0, 0.0, 1.0], np.float32), np.array([0.0, 0.0, 4.0, 1.0], np.float32)
    weights = np.array([1.0, 1.0, 2.0, 1.0], np.float32) * weight
    made = BoostedTreesRegressor([A], 1, tmp_path, n_trees=1, learning_rate=1.0, weight_column="w")
    made.train(inputs({"a": values, "w": weights}, labels))
    np.testing.assert_allclose(logits(made, {"a": values}, "predictions")[:, 0], [2, 2, 2, 1], atol=1e-6)


def test_l2_is_that_of_the_mean_loss(tmp_path):
    """Half of the examples have a mean gradient of 3 and a mean hessian of 1, so that their leaf is 3 / (1 + 0.5)."""
    labels = np.array([3.0, -3.0] * 8, np.float32)
    features = {"b": np.sign(labels)}
    made = BoostedTreesRegressor([B], 1, tmp_path, n_trees=1, learning_rate=1.0, max_depth=1, l2_regularization=0.5)
    made.train(inputs(features, labels))
    np.testing.assert_allclose(logits(made, features, "predictions")[:, 0], labels / 1.5, atol=1e-6)


@pytest.mark.parametrize(("complexity", "splits"), [(17.9, 1), (18.1, 0)])
def test_a_split_must_gain_as_much_as_it_costs(tmp_path, complexity, splits):
    """The gain of the mean loss is 3 * 3 / 1 on either side."""
    labels = np.array([3.0, -3.0] * 8, np.float32)
    options = {"tree_complexity": complexity, "pruning_mode": "pre", "max_depth": 1, "n_trees": 1}
    made = BoostedTreesRegressor([B], 1, tmp_path, **options).train(inputs({"b": np.sign(labels)}, labels))
    assert len(made.get_variable_value("boosted_trees/feature")) == 1 + 2 * splits


def test_a_seed_makes_the_same_trees(tmp_path):
    features, labels = corners()
    texts = [
        classifier(tmp_path / name, config=RunConfig(tf_random_seed=7))
        .train(inputs(features, labels))
        .get_variable_value("boosted_trees/model")
        for name in "ab"
    ]
    assert texts[0] == texts[1]


def test_the_columns_that_tell_are_important(tmp_path):
    features, _ = corners()
    made = classifier(tmp_path).train(inputs(features, (features["b"] > 0).astype(np.int64)))
    assert made.experimental_feature_importances(normalize=True) == pytest.approx({"b": 1.0, "a": 0.0})
    assert made.experimental_feature_importances()["b"] > 1


def test_explanations_add_up_to_the_logit(trained):
    features, _ = corners(rows=20, seed=3)
    for one in trained.experimental_predict_with_explanations(inputs(features)):
        assert one["bias"] + sum(one["dfc"].values()) == pytest.approx(one["logits"][0], abs=1e-5)
        assert sorted(one["dfc"], key=lambda name: -abs(one["dfc"][name])) == list(one["dfc"])
    some = next(trained.experimental_predict_with_explanations(inputs(features), predict_keys=["logistic"]))
    assert set(some) == {"logistic", "bias", "dfc"}


def test_explanations_of_several_logits_are_arrays(tmp_path):
    features, _ = corners()
    made = classifier(tmp_path, n_classes=3, n_trees=3)
    made.train(inputs(features, np.digitize(features["a"], [-0.3, 0.3])))
    one = next(made.experimental_predict_with_explanations(inputs(features)))
    np.testing.assert_allclose(one["bias"] + sum(one["dfc"].values()), one["logits"], atol=1e-5)


def test_an_earlier_checkpoint_has_fewer_trees(tmp_path):
    features, labels = corners()
    made = classifier(tmp_path).train(inputs(features, labels), steps=12)
    early, said = made.latest_checkpoint(), logits(made, features)
    made.train(inputs(features, labels))
    assert not np.array_equal(logits(made, features), said)
    np.testing.assert_array_equal(logits(made, features, checkpoint_path=early), said)
    assert made.evaluate(inputs(features, labels), checkpoint_path=early)["global_step"] == 12
    explained = made.experimental_predict_with_explanations(inputs(features), checkpoint_path=early)
    np.testing.assert_array_equal([one["logits"] for one in explained], said)


def test_metrics_can_be_added(trained):
    def most(labels, predictions):
        metric = tf.keras.metrics.Mean()
        metric.update_state(tf.reduce_max(predictions["logistic"]))
        return {"most": metric}

    found = add_metrics(trained, most).evaluate(inputs(*corners(seed=1)))
    assert 0.5 < found["most"] <= 1
    assert found["accuracy"] > 0.95


def test_hooks_are_called_around_trees(tmp_path):
    seen, saved = [], []

    class Stop(SessionRunHook):
        def before_run(self, run_context):
            return SessionRunArgs({"loss": "loss", "step": "global_step"})

        def after_run(self, run_context, run_values):
            seen.append((int(run_values.results["step"]), float(run_values.results["loss"])))
            if len(seen) == 3:
                run_context.request_stop()

    class Listen(CheckpointSaverListener):
        def after_save(self, session, global_step_value):
            saved.append(global_step_value)

    given = inputs(*corners())
    made = classifier(tmp_path, config=RunConfig(save_checkpoints_steps=24))
    made.train(given, hooks=[Stop()], saving_listeners=[Listen()])
    assert [step for step, _ in seen] == [0, 12, 24]
    assert saved == [0, 24, 36]
    found = made.evaluate(given)
    assert found["global_step"] == 36
    assert seen[-1][1] == pytest.approx(found["loss"], rel=1e-5)


def test_trees_can_be_evaluated_while_they_grow(tmp_path):
    given, made = inputs(*corners()), classifier(tmp_path, n_trees=3)
    found = []

    class Evaluate(SessionRunHook):
        def after_run(self, run_context, run_values):
            found.append(made.evaluate_values(run_context.session.variables, given))

    made.train(given, hooks=[Evaluate()])
    assert [one["global_step"] for one in found] == [12, 24, 36]
    assert found[0]["loss"] > found[1]["loss"] > found[2]["loss"] == made.evaluate(given)["loss"]


def test_of_batches_by_epoch_one_epoch_is_read(tmp_path):
    features, labels = corners()

    class Batches:
        def __len__(self):
            return 4

        def __call__(self, epoch=0, start=0):
            assert epoch == 0
            return inputs(features, labels)().skip(start)

    plain = classifier(tmp_path / "plain").train(inputs(features, labels))
    made = classifier(tmp_path / "epochs").train(Batches())
    np.testing.assert_array_equal(logits(made, features), logits(plain, features))


def test_weighted_losses_that_hooks_see_are_those_of_an_evaluation(tmp_path):
    class Last(SessionRunHook):
        def end(self, session):
            self.loss = session.run("loss")

    features, labels = corners()
    features["w"], hook = np.linspace(0, 3, 400).astype(np.float32), Last()
    made = classifier(tmp_path, weight_column="w").train(inputs(features, labels), hooks=[hook])
    assert hook.loss == pytest.approx(made.evaluate(inputs(features, labels))["loss"], rel=1e-5)


def test_what_is_exported_needs_neither_gristmill_nor_lightgbm(trained, tmp_path):
    features, _ = corners(rows=20, seed=4)

    def receiver():
        given = {name: tf.compat.v1.placeholder(tf.float32, [None], name=name) for name in "ab"}
        return ServingInputReceiver(given, given)

    folder = trained.export_saved_model(tmp_path / "export", receiver).decode()
    np.savez(tmp_path / "given.npz", **features)
    script = (
        "import sys, numpy as np, tensorflow as tf\n"
        "given = {name: tf.constant(value) for name, value in np.load(sys.argv[2]).items()}\n"
        "found = tf.saved_model.load(sys.argv[1]).signatures['predict'](**given)['logits'].numpy()\n"
        "assert not {'gristmill', 'lightgbm'} & set(sys.modules)\n"
        "np.save(sys.argv[3], found)\n"
    )
    files = [folder, tmp_path / "given.npz", tmp_path / "found.npy"]
    subprocess.run([sys.executable, "-I", "-c", script, *map(str, files)], check=True, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), logits(trained, features), atol=1e-6)


def test_an_export_becomes_a_lite_model(tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    features, labels = corners()
    made = BoostedTreesRegressor([A, B], 4, tmp_path / "model", n_trees=10)
    made.train(inputs(features, labels.astype(np.float32)))

    def receiver():
        given = {name: tf.compat.v1.placeholder(tf.float32, [1], name=name) for name in "ab"}
        return ServingInputReceiver(given, given)

    folder = made.export_saved_model(tmp_path / "export", receiver).decode()
    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["predict"])
    runner = Interpreter(model_content=converter.convert()).get_signature_runner("predict")
    wanted = logits(made, features, "predictions")
    for row in range(5):
        said = runner(**{name: value[row : row + 1] for name, value in features.items()})["predictions"]
        np.testing.assert_allclose(said[0], wanted[row], atol=1e-6)
