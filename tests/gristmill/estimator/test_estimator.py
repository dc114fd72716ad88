"""A model function of one's own: trained, evaluated, asked, gone on with, and refused where it breaks a rule."""

import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import gristmill.estimator as tf_estimator
from gristmill import layers
from gristmill.data.batches import Batches
from gristmill.errors import InputError, IntegrityError
from gristmill.estimator import EstimatorSpec, ModeKeys

X = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
Y = (X.sum(axis=1) > 0).astype(np.float32)


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).repeat().batch(16)


def one_pass() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).batch(20)


def model_fn(features: Any, labels: Any, mode: str, params: dict[str, Any]) -> EstimatorSpec:
    training = mode == ModeKeys.TRAIN
    hidden = keras.layers.Dense(8, activation="relu")(features["x"])
    hidden = keras.layers.BatchNormalization(momentum=0.9)(hidden, training=training)
    hidden = keras.layers.Dropout(0.1)(hidden, training=training)
    kernel = tf.Variable(tf.random.normal([8, 1]), name="kernel")
    logits = (hidden @ kernel)[:, 0]
    predictions = {"probability": tf.sigmoid(logits), "row": tf.range(tf.shape(logits)[0])}
    if mode == ModeKeys.PREDICT:
        return EstimatorSpec(mode, predictions)
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))
    if mode == ModeKeys.EVAL:
        accuracy = keras.metrics.BinaryAccuracy()
        accuracy.update_state(labels, predictions["probability"])
        pair = tf.compat.v1.metrics.mean(labels)
        return EstimatorSpec(mode, predictions, loss, eval_metric_ops={"accuracy": accuracy, "share": pair})
    variables = tf.compat.v1.trainable_variables()
    optimizer = keras.optimizers.Adam(params["rate"])
    optimizer.apply_gradients(zip(tf.gradients(loss, variables), variables, strict=True))
    return EstimatorSpec(mode, predictions, loss, tf.no_op())


def make(folder: Path, seed: int = 1, **options: Any) -> tf_estimator.Estimator:
    config = tf_estimator.RunConfig(model_dir=str(folder), tf_random_seed=seed, **options)
    return tf_estimator.Estimator(model_fn, config=config, params={"rate": 0.02})


def weights(estimator: tf_estimator.Estimator) -> dict[str, Any]:
    return {name: estimator.get_variable_value(name) for name in estimator.get_variable_names()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tf_estimator.Estimator:
    estimator = make(tmp_path_factory.mktemp("trained"))
    assert estimator.train(input_fn, steps=150) is estimator
    return estimator


def test_it_learns_and_tells_what_2_15_told(trained: tf_estimator.Estimator) -> None:
    found = trained.evaluate(one_pass)
    assert list(found) == ["accuracy", "loss", "share", "global_step"]
    assert found["global_step"] == 150
    assert found["accuracy"] > 0.9
    assert found["share"] == np.float32(Y.mean())


def test_evaluate_takes_so_many_batches_and_writes_events(trained: tf_estimator.Estimator) -> None:
    found = trained.evaluate(one_pass, steps=1, name="first")
    assert found["share"] == np.float32(Y[:20].mean())
    assert trained.eval_dir("first").endswith("eval_first")
    events = next(Path(trained.eval_dir("first")).glob("*tfevents*"))
    values = {v.tag: v.simple_value for e in tf.compat.v1.train.summary_iterator(str(events)) for v in e.summary.value}
    assert values == {name: float(value) for name, value in found.items() if name != "global_step"}


def test_predict_yields_examples_or_batches(trained: tf_estimator.Estimator) -> None:
    examples = list(trained.predict(one_pass))
    assert [example["row"] for example in examples] == [*range(20), *range(20), *range(20), *range(4)]
    whole = list(trained.predict(one_pass, predict_keys="probability", yield_single_examples=False))
    assert [list(batch) for batch in whole] == [["probability"]] * 4
    np.testing.assert_array_equal(
        np.concatenate([batch["probability"] for batch in whole])[3], examples[3]["probability"]
    )
    with pytest.raises(ValueError, match="predict_keys must be among probability, row"):
        next(trained.predict(one_pass, predict_keys=["other"]))


def test_variables_have_their_names_in_every_call(trained: tf_estimator.Estimator) -> None:
    names = set(trained.get_variable_names())
    assert {"dense/kernel", "batch_normalization/moving_mean", "kernel", "global_step"} <= names
    assert trained.get_variable_value("dense/kernel").shape == (3, 8)
    assert trained.get_variable_value("global_step") == 150
    with pytest.raises(ValueError, match="a variable must be one of"):
        trained.get_variable_value("dense_1/kernel")


def test_stopped_and_gone_on_with_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    batches = Batches({"x": X}, Y, 10, seed=3)
    whole, parts = make(tmp_path / "whole"), make(tmp_path / "parts")
    whole.train(batches, max_steps=25)
    parts.train(batches, max_steps=11)
    make(tmp_path / "parts", seed=9).train(batches, max_steps=25)
    expected, found = weights(whole), weights(parts)
    assert set(expected) == set(found)
    for name, value in expected.items():
        np.testing.assert_array_equal(value, found[name], err_msg=name)


def test_blocks_of_steps_are_single_steps(tmp_path: Path) -> None:
    class Every(tf_estimator.SessionRunHook):
        pass

    blocks, single = make(tmp_path / "blocks"), make(tmp_path / "single")
    blocks.train(input_fn, steps=30)
    single.train(input_fn, hooks=[Every()], steps=30)
    for name, value in weights(blocks).items():
        np.testing.assert_array_equal(value, single.get_variable_value(name), err_msg=name)


def test_a_hook_fetches_names_tensors_and_variables(tmp_path: Path) -> None:
    seen: list[Any] = []

    class Watch(tf_estimator.SessionRunHook):
        def begin(self) -> None:
            self.step = tf.compat.v1.train.get_global_step()

        def before_run(self, run_context: Any) -> Any:
            fetches = {"loss": "loss", "step": self.step, "rows": "row", "norm": "batch_normalization/gamma:0"}
            return tf_estimator.SessionRunArgs(fetches)

        def after_run(self, run_context: Any, run_values: Any) -> None:
            seen.append(run_values.results)
            if len(seen) == 3:
                run_context.request_stop()

    estimator = make(tmp_path)
    estimator.train(input_fn, hooks=[Watch()], steps=100)
    assert [len(one["rows"]) for one in seen] == [16] * 3
    assert np.isfinite([one["loss"] for one in seen]).all()
    assert seen[0]["norm"].shape == (8,)
    assert estimator.get_variable_value("global_step") == 3


def test_max_steps_ends_at_a_global_step(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    estimator = make(tmp_path)
    estimator.train(input_fn, max_steps=4)
    estimator.train(input_fn, steps=2)
    estimator.train(input_fn, max_steps=6)
    assert estimator.get_variable_value("global_step") == 6
    with caplog.at_level(logging.WARNING, "gristmill"):
        estimator.train(one_pass, steps=9)
    assert "steps=9 were asked for, 4 were done" in caplog.text


def test_checkpoints_are_saved_and_kept_as_config_says(tmp_path: Path) -> None:
    estimator = make(tmp_path, save_checkpoints_steps=5, keep_checkpoint_max=2)
    estimator.train(input_fn, max_steps=17)
    assert sorted(path.name for path in tmp_path.glob("*.index")) == ["model.ckpt-15.index", "model.ckpt-17.index"]
    assert estimator.latest_checkpoint() == str(tmp_path / "model.ckpt-17")
    assert estimator.evaluate(one_pass, checkpoint_path=str(tmp_path / "model.ckpt-15"))["global_step"] == 15


def test_layers_functions_and_old_variables_make_a_model(tmp_path: Path) -> None:
    def old(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        hidden = layers.dense(features["x"], 4, "relu", name="hidden")
        bias = tf.compat.v1.get_variable("bias", [1])
        logits = layers.dense(hidden, 1)[:, 0] + bias
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, logits)
        loss = tf.compat.v1.losses.sigmoid_cross_entropy(labels, logits)
        step = tf.compat.v1.train.get_or_create_global_step()
        op = tf.compat.v1.train.AdagradOptimizer(0.5).minimize(loss, global_step=step)
        return EstimatorSpec(mode, logits, loss, op)

    estimator = tf_estimator.Estimator(old, str(tmp_path))
    first = estimator.train(input_fn, steps=1).evaluate(one_pass)["loss"]
    assert estimator.train(input_fn, steps=40).evaluate(one_pass)["loss"] < first
    assert {"hidden/kernel", "dense/bias", "bias", "bias/Adagrad"} <= set(estimator.get_variable_names())
    assert estimator.get_variable_value("global_step") == 41
    assert isinstance(next(estimator.predict(one_pass)), np.float32)


def test_a_table_is_filled_once_and_its_file_not_read_again(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("a\nb\n")

    def look(features: Any, mode: str) -> EstimatorSpec:
        index = tf.lookup.TextFileIndex
        first = tf.lookup.TextFileInitializer(str(words), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER)
        second = tf.lookup.KeyValueTensorInitializer(["a", "c"], tf.constant([7, 8], tf.int64))
        tables = [tf.lookup.StaticHashTable(one, -1) for one in (first, second)]
        return EstimatorSpec(mode, {str(place): table.lookup(features) for place, table in enumerate(tables)})

    def give() -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices(["a", "b", "c"]).batch(1)

    found = []
    for example in tf_estimator.Estimator(look, str(tmp_path / "model")).predict(give):
        words.unlink(missing_ok=True)
        found.append((example["0"], example["1"]))
    assert found == [(0, 7), (1, -1), (-1, 8)]


def test_a_loss_that_is_not_finite_ends_training(tmp_path: Path) -> None:
    def bad(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        weight = tf.Variable(1.0, name="weight")
        step = tf.cast(tf.compat.v1.train.get_global_step(), tf.float32)
        loss = weight * tf.math.log(5.0 - step)
        return EstimatorSpec(mode, loss=loss, train_op=weight.assign_add(1.0))

    estimator = tf_estimator.Estimator(bad, str(tmp_path), tf_estimator.RunConfig(save_checkpoints_steps=3))
    with pytest.raises(tf_estimator.NanLossDuringTrainingError, match=r"(?s)-inf at step 6.*model\.ckpt-3"):
        estimator.train(input_fn, steps=20)
    assert estimator.get_variable_value("weight") == 4.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be more than 0. Received: 0"),
        ({"max_steps": -1}, "max_steps must be more than 0. Received: -1"),
        ({"steps": 1, "max_steps": 2}, "one of steps and max_steps may be given"),
        ({"hooks": ["no hook"]}, "must hold `SessionRunHook`s only"),
        ({"input_fn": lambda: one_pass().take(0)}, "at least one batch. Received: none"),
        ({"input_fn": lambda: (X, Y, Y)}, "features, or features and labels. Received: 3 parts"),
        ({"input_fn": object}, "input_fn must give a tf.data.Dataset"),
        ({"input_fn": "no function"}, "input_fn must be callable"),
    ],
)
def test_training_refuses(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make(tmp_path).train(**({"input_fn": input_fn} | change))


def test_a_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    make(tmp_path).train(input_fn, steps=1)

    def wider(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        kernel = tf.Variable(tf.zeros([3, 1]), name="kernel")
        return EstimatorSpec(mode, loss=tf.reduce_sum(features["x"] @ kernel), train_op=kernel)

    def other(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        kernel = tf.Variable(0.0, name="other/kernel")
        return EstimatorSpec(mode, loss=kernel, train_op=kernel)

    with pytest.raises(ValueError, match=r"`kernel` must have the shape \(3, 1\).*Received: \(8, 1\)"):
        tf_estimator.Estimator(wider, str(tmp_path)).train(input_fn, steps=1)
    with pytest.raises(ValueError, match=r"is it another model's.* lacks other/kernel. Received: .*dense/kernel"):
        tf_estimator.Estimator(other, str(tmp_path)).train(input_fn, steps=1)


def test_a_cut_checkpoint_is_told(tmp_path: Path) -> None:
    estimator = make(tmp_path)
    estimator.train(input_fn, steps=1)
    data = next(tmp_path.glob("model.ckpt-1.data*"))
    data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(IntegrityError, match=r"model\.ckpt-1 is cut or changed"):
        estimator.evaluate(one_pass)


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (lambda labels, mode: None, {}, "model_fn must take `features`"),
        (lambda features, other: None, {}, "Received: features, other"),
        (lambda features: None, {"params": {"a": 1}}, "model_fn must take `params`"),
        (model_fn, {"config": {"model_dir": "a"}}, "config must be a RunConfig"),
        (model_fn, {"model_dir": "a", "config": tf_estimator.RunConfig("b")}, "must be the same. Received: a, b"),
        (model_fn, {"warm_start_from": 3}, "warm_start_from must be"),
    ],
)
def test_what_it_is_made_from_is_checked(function: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        tf_estimator.Estimator(function, **options)


def test_labels_that_are_not_taken_are_refused(tmp_path: Path) -> None:
    def alone(features: Any, mode: str) -> EstimatorSpec:
        return EstimatorSpec(mode, loss=tf.constant(0.0), train_op=tf.no_op())

    with pytest.raises(ValueError, match="model_fn must take `labels`, since input_fn gives them"):
        tf_estimator.Estimator(alone, str(tmp_path)).train(input_fn, steps=1)


def test_params_and_config_are_copies(tmp_path: Path) -> None:
    given = {"rate": [1]}
    estimator = tf_estimator.Estimator(model_fn, str(tmp_path), params=given)
    given["rate"].append(2)
    estimator.params["rate"].append(3)
    assert estimator.params == {"rate": [1]}
    assert estimator.config.model_dir == estimator.model_dir == str(tmp_path)


def test_an_input_function_gets_what_it_names(tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    def give(mode: str, params: Any, config: Any) -> tf.data.Dataset:
        seen.update(mode=mode, params=params, config=config.model_dir)
        return input_fn()

    make(tmp_path).train(give, steps=1)
    assert seen == {"mode": "train", "params": {"rate": 0.02}, "config": str(tmp_path)}


def test_batches_may_be_arrays_or_tensors(tmp_path: Path) -> None:
    estimator = make(tmp_path)
    estimator.train(lambda: ({"x": X}, Y), steps=3)
    assert estimator.evaluate(lambda: ({"x": tf.constant(X)}, Y))["share"] == np.float32(Y.mean())
    assert len(list(estimator.predict(lambda: {"x": X[:5]}))) == 5


def test_evaluation_and_prediction_train_nothing(tmp_path: Path) -> None:
    def always(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        weight = tf.Variable(1.0, name="weight")
        logits = features["x"][:, 0] * weight
        loss = tf.reduce_mean(logits) + weight
        mean = keras.metrics.Mean()
        mean.update_state(logits)
        op = keras.optimizers.SGD(0.1).apply_gradients([(tf.gradients(loss, weight)[0], weight)])
        kept = {"weight": tf.broadcast_to(weight, tf.shape(logits))}
        return EstimatorSpec(mode, kept, loss, op, {"mean": mean})

    estimator = tf_estimator.Estimator(always, str(tmp_path)).train(input_fn, steps=2)
    weight = estimator.get_variable_value("weight")
    found = estimator.evaluate(one_pass)
    assert found["global_step"] == 2
    assert found["mean"] == pytest.approx((X[:, 0] * weight).mean(), abs=1e-6)
    assert {example["weight"] for example in estimator.predict(one_pass)} == {weight}


def test_variables_of_one_name_are_numbered(tmp_path: Path) -> None:
    def twice(features: Any, mode: str) -> EstimatorSpec:
        first, second = tf.Variable(1.0), tf.Variable(2.0)
        with tf.name_scope("inner"):
            third = tf.Variable(3.0)
        return EstimatorSpec(mode, loss=first * second * third, train_op=first.assign_add(1.0))

    estimator = tf_estimator.Estimator(twice, tmp_path).train(lambda: X, steps=2)
    values = {name: estimator.get_variable_value(name) for name in estimator.get_variable_names()}
    assert values == {"Variable": 3.0, "Variable_1": 2.0, "inner/Variable": 3.0, "global_step": 2}


def test_two_modes_stand_in_one_export(trained: tf_estimator.Estimator, tmp_path: Path) -> None:
    feature = {"x": tf.constant(X)}
    given = {
        ModeKeys.PREDICT: tf_estimator.export.build_raw_serving_input_receiver_fn(feature),
        ModeKeys.EVAL: tf_estimator.experimental.build_raw_supervised_input_receiver_fn(feature, tf.constant(Y)),
    }
    served = tf.saved_model.load(trained.experimental_export_all_saved_models(tmp_path, given).decode())
    assert set(served.signatures) == {"serving_default", "eval"}
    found = served.signatures["serving_default"](x=tf.constant(X))["probability"]
    expected = [example["probability"] for example in trained.predict(lambda: {"x": X})]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
