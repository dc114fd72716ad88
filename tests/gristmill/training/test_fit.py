"""A compiled Keras model on the loop: its loss, optimizer, metrics and callbacks."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill.data.batches import Batches
from gristmill.errors import InputError
from gristmill.training import Checkpoints, fit

X = np.random.default_rng(0).normal(size=(32, 3)).astype(np.float32)
Y = (X @ [1.0, -2.0, 0.5]).astype(np.float32)


def linear(loss: Any = "mse", **options: Any) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = {"b": keras.Input((1,), name="b"), "a": keras.Input((2,), name="a")}
    outputs = keras.layers.Dense(1)(keras.layers.Concatenate()([inputs["b"], inputs["a"]]))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.1), loss, **options)
    return model


DATA = Batches({"a": X[:, 1:], "b": X[:, :1], "other": X}, Y, 8)
"""Names in another order than the model's, and one more."""


def test_it_equals_keras_own_fit() -> None:
    ours, keras_own = linear(), linear()
    done = fit(ours, DATA, epochs=3)
    keras_own.fit({"b": X[:, :1], "a": X[:, 1:]}, Y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    for one, other in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert (done.epochs, done.steps) == (3, 12)


@pytest.mark.parametrize("structure", [dict, list])
def test_inputs_are_taken_by_name(structure: Any) -> None:
    model = linear()
    if structure is list:
        model = keras.Model(list(model.inputs), model.outputs)
        model.compile(keras.optimizers.SGD(0.1), "mse")
    done = fit(model, DATA, epochs=60, validation=DATA)
    np.testing.assert_allclose(model.get_weights()[0][:, 0], [1.0, -2.0, 0.5], atol=1e-2)
    assert done.best["val_loss"] < 1e-4


def test_validation_chooses_the_epoch_by_a_metric_of_the_model() -> None:
    model, lines = linear(metrics=["mae"]), []
    done = fit(model, DATA, epochs=4, validation=DATA, metric="val_mae", log=lambda **values: lines.append(values))
    assert done.best_epoch == 4
    assert done.best.keys() == {"val_loss", "val_mae"}
    assert (
        lines[-1]["val_mae"]
        == done.best["val_mae"]
        == pytest.approx(
            float(model.evaluate({"a": X[:, 1:], "b": X[:, :1]}, Y, batch_size=8, verbose=0, return_dict=True)["mae"])
        )
    )
    with pytest.raises(InputError, match=r"`metric` must be one of val_loss, val_mae\. Received: 'val_auc'"):
        fit(model, DATA, epochs=1, validation=DATA, metric="val_auc")


def test_a_loss_that_keras_scales_is_scaled_once() -> None:
    plain, scaled = linear(), linear()
    scaled.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)), "mse")
    for model in (plain, scaled):
        fit(model, DATA, epochs=2)
    for one, other in zip(plain.get_weights(), scaled.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


class Heard(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.calls.append("begin")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.calls.append(("epoch", epoch))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.calls.append(("end", epoch, sorted(logs)))
        if epoch == 1:
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        self.calls.append("end")


def test_callbacks_are_called_as_fit_calls_them_and_may_end_training() -> None:
    heard = Heard()
    done = fit(linear(), DATA, epochs=5, callbacks=[heard])
    one, two = ([("epoch", i), ("end", i, ["loss"])] for i in (0, 1))
    assert heard.calls == ["begin", *one, *two, "end"]
    assert done.epochs == 2


def test_a_callback_that_asks_for_batches_hears_of_each_before_the_next() -> None:
    seen: list[tuple[str, int]] = []

    class Batchwise(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            seen.append(("begin", batch))
            self.model.optimizer.learning_rate = 0.0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(("end", batch))
            assert np.isfinite(logs["loss"])

    model = linear()
    before = model.get_weights()
    fit(model, DATA, epochs=1, callbacks=[Batchwise()])
    assert seen == [(what, batch) for batch in range(4) for what in ("begin", "end")]
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_keras_own_callbacks_work(tmp_path: Path) -> None:
    model = linear()
    rates = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1))
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=1e9)
    kept = keras.callbacks.ModelCheckpoint(str(tmp_path / "{epoch}.keras"))
    done = fit(model, DATA, epochs=5, callbacks=[rates, stop, kept])
    assert done.epochs == 2
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.keras", "2.keras"]


def test_dropout_moving_statistics_and_loss_trackers_are_in_the_checkpoints(tmp_path: Path) -> None:
    def network() -> keras.Model:
        keras.utils.set_random_seed(2)
        inputs = keras.Input((3,), name="other")
        hidden = keras.layers.BatchNormalization()(keras.layers.Dense(4, kernel_regularizer="l2")(inputs))
        hidden = keras.layers.Dropout(0.5)(hidden)
        outputs = [keras.layers.Dense(1, name=name)(hidden) for name in ("first", "second")]
        model = keras.Model(inputs, outputs)
        model.compile("adam", loss=["mse", "mae"])
        return model

    def twice(epoch: int, start: int) -> Any:
        return DATA(epoch, start).map(lambda x, y: (x, (y, y)))

    whole, again, checkpoints = network(), network(), Checkpoints(tmp_path)
    fit(whole, twice, epochs=4)
    stop = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: 1 / (1 - epoch))
    with pytest.raises(ZeroDivisionError):
        fit(network(), twice, epochs=4, checkpoints=checkpoints, callbacks=[stop])
    fit(again, twice, epochs=4, checkpoints=checkpoints)
    for one, other in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    found = checkpoints.load(16)
    assert any("moving_mean" in name for name in found.tensors)
    assert any("seed_generator" in name for name in found.tensors)


def test_a_model_that_is_not_compiled_is_refused() -> None:
    with pytest.raises(InputError, match="must be compiled"):
        fit(keras.Sequential([keras.layers.Dense(1)]), DATA, epochs=1)


def test_a_feature_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"must hold the inputs b\. Received: a"):
        fit(linear(), Batches({"a": X[:, 1:]}, Y, 8), epochs=1)


def test_a_shape_that_does_not_fit_is_told_before_training() -> None:
    with pytest.raises(InputError, match=r"the model must take the batches. Received: .*float32\[8, 3\]"):
        fit(linear(), Batches({"a": X, "b": X[:, :1]}, Y, 8), epochs=1)


def test_no_batch_is_refused() -> None:
    with pytest.raises(InputError, match="at least one batch"):
        fit(linear(), lambda epoch, start: tf.data.Dataset.from_tensor_slices((X, Y)).batch(8).take(0), epochs=1)
