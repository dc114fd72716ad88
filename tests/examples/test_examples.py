"""The examples on made data, and what they are there to show."""

from itertools import islice
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import gristmill.estimator as tf_estimator
from apps.translation.model import new_transformer
from examples import adult, eager_translation, wide_and_deep


def people(size: int) -> dict[str, Any]:
    random = np.random.default_rng(0)
    job = random.choice(["clerk", "chief"], size)
    age = random.uniform(20, 60, size).astype(np.float32)
    return {"age": age, "job": job, "label": ((job == "chief") & (age > 40)).astype(np.int64)}


def test_one_line_turns_a_linear_model_into_a_deep_one(tmp_path: Path) -> None:
    train = people(512)
    linear, deep = adult.columns(train)
    for estimator in (
        tf_estimator.LinearClassifier(linear, tmp_path / "linear"),
        tf_estimator.DNNClassifier([16], deep, tmp_path / "deep", optimizer=lambda: tf.keras.optimizers.Adam(0.01)),
    ):
        estimator.train(adult.input_fn(train, training=True), steps=100)
        assert estimator.evaluate(adult.input_fn(train, training=False))["auc"] > 0.7


def test_both_halves_are_better_than_either(tmp_path: Path) -> None:
    train, test = wide_and_deep.make(60_000)
    found = {}
    for name, estimator in wide_and_deep.estimators(str(tmp_path)).items():
        estimator.train(wide_and_deep.input_fn(train, training=True), steps=900)
        found[name] = estimator.evaluate(wide_and_deep.input_fn(test, training=False))["auc"]
    assert found["wide and deep"] > max(found["wide"], found["deep"]) + 0.01


def test_the_translator_learns_step_by_step_in_eager_mode() -> None:
    keras.utils.set_random_seed(0)
    pairs, vocabulary = eager_translation.made_up(500)
    model = new_transformer(len(vocabulary), eager_translation.NETWORK, dropout=0.0)
    losses = list(islice(eager_translation.train(model, pairs, learning_rate=0.01), 25))
    assert losses[-1] < losses[0] / 2
    assert eager_translation.translate(model, vocabulary, "the old dog sees") != "the old dog sees"
