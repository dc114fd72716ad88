"""Trains small estimators in a process of its own: `python distributed_train.py FOLDER HOW`, a name of a distribution or none."""

import os
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import gristmill.estimator as tf_estimator
from gristmill.launch import end_with_parent, is_launched

EXAMPLES, PART = 320, 16
RANDOM = np.random.default_rng(0)
NUMBERS = RANDOM.normal(size=(EXAMPLES, 3)).astype("float32")
WORDS = RANDOM.integers(0, 9, EXAMPLES)
LABELS = ((NUMBERS.sum(1) + (WORDS > 4)) > 0).astype(int)


def whole() -> tf.data.Dataset:
    """What one process trains on: batches of two parts, and a last one."""
    return tf.data.Dataset.from_tensor_slices(({"numbers": NUMBERS, "words": WORDS}, LABELS)).batch(2 * PART)


def parts(input_context: Any = None) -> tf.data.Dataset:
    """The same as parts of batches: all, or those of one process; the second has one part more than the first."""
    one = tf.data.Dataset.from_tensor_slices(({"numbers": NUMBERS, "words": WORDS}, LABELS)).batch(PART)
    if input_context is None or input_context.num_input_pipelines == 1:
        return one
    place = input_context.input_pipeline_id
    mine = one.enumerate().filter(lambda number, batch: number % 2 == place).map(lambda number, batch: batch)
    return mine.concatenate(one.take(place))


def own(features: Any, labels: Any, mode: str, params: dict[str, Any]) -> tf_estimator.EstimatorSpec:
    """A model function with an optimizer of its own."""
    inputs = tf.concat([features["numbers"], tf.one_hot(features["words"], 9)], 1)
    hidden, last = keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)
    logits = last(hidden(inputs))
    wanted = tf.cast(labels[:, None], tf.float32)
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=wanted, logits=logits))
    operation = None
    if mode == tf_estimator.ModeKeys.TRAIN and params["old"]:
        step = tf.compat.v1.train.get_global_step()
        operation = tf.compat.v1.train.AdamOptimizer(0.01).minimize(loss, global_step=step)
    elif mode == tf_estimator.ModeKeys.TRAIN:
        optimizer = keras.optimizers.RMSprop(0.01, momentum=0.5)
        variables = [*hidden.trainable_variables, *last.trainable_variables]
        gradients = tf.gradients(loss, [variable.value for variable in variables])
        optimizer.apply(gradients, variables)
        operation = tf.identity(optimizer.iterations)
    return tf_estimator.EstimatorSpec(mode, loss=loss, train_op=operation, predictions=logits)


def estimators(folder: Path, how: str) -> dict[str, Any]:
    """All that are trained."""
    columns = tf.feature_column
    words = columns.categorical_column_with_identity("words", 9)
    deep = [columns.numeric_column("numbers", (3,)), columns.embedding_column(words, 4)]

    def config(name: str) -> tf_estimator.RunConfig:
        distribute = None if how == "none" else how
        return tf_estimator.RunConfig(str(folder / how / name), tf_random_seed=1, train_distribute=distribute)

    return {
        "wide_and_deep": tf_estimator.DNNLinearCombinedClassifier(
            config=config("wide_and_deep"),
            linear_feature_columns=[words],
            dnn_feature_columns=deep,
            dnn_hidden_units=[8],
        ),
        "old_optimizer": tf_estimator.Estimator(own, config=config("old_optimizer"), params={"old": True}),
        "keras_optimizer": tf_estimator.Estimator(own, config=config("keras_optimizer"), params={"old": False}),
    }


def main() -> None:
    """Trains each, and lets the chief write the weights."""
    folder, how = Path(sys.argv[1]), sys.argv[2]
    if is_launched():
        end_with_parent()
    for name, estimator in estimators(folder, how).items():
        estimator.train(whole if how == "none" else parts)
        if estimator.config.is_chief:
            names = estimator.get_variable_names()
            values = {f"v{place}": estimator.get_variable_value(one) for place, one in enumerate(names)}
            np.savez(folder / f"{how.partition(':')[0]}-{name}.npz", names=np.array(names), **values)
    (folder / f"done-{os.getpid()}").touch()


main()
