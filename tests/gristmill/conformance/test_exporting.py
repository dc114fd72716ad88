"""An export, loaded by TensorFlow alone, says what the estimator says."""

from pathlib import Path

import tensorflow as tf

from gristmill.estimator.export import build_raw_serving_input_receiver_fn
from tests.gristmill.conformance.trained import Trained, check_same


def test_an_export_says_the_same(trained: Trained, tmp_path: Path) -> None:
    features = {name: tf.constant(value) for name, value in trained.member.features.items()}
    receiver_fn = build_raw_serving_input_receiver_fn(features)
    signatures = tf.saved_model.load(trained.estimator.export_saved_model(tmp_path, receiver_fn).decode()).signatures
    function = signatures["predict" if "predict" in signatures else "serving_default"]
    read = function.structured_input_signature[1]
    found = function(**{name: features[name] for name in read})
    check_same({name: value.numpy() for name, value in found.items()}, trained.told, 1e-6)
