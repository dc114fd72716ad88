"""A lite model of a member gives what its float model gives, example by example.

A signature becomes one where it holds numbers only, so that members say which of theirs does.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from gristmill.estimator.canned.keras_model import call_model
from gristmill.estimator.export import build_raw_serving_input_receiver_fn
from gristmill.lite import Signature, export_saved_model
from tests.gristmill.conformance.trained import Trained


def exported(trained: Trained, folder: Path) -> tuple[str, str]:
    """The folder and the signature of a SavedModel that takes one example."""
    features = {name: tf.constant(value) for name, value in trained.member.features.items()}
    receiver_fn = build_raw_serving_input_receiver_fn(features, default_batch_size=1)
    return trained.estimator.export_saved_model(folder, receiver_fn).decode(), trained.member.lite


def exported_model(trained: Trained, folder: Path) -> tuple[str, str]:
    """The same of the Keras model."""
    estimator: Any = trained.estimator
    inputs = {name: ((1,), tensor.dtype) for name, tensor in estimator.model.input.items()}

    def logits(**features: Any) -> dict[str, Any]:
        return {"logits": call_model(estimator.model, features)}

    return str(export_saved_model(estimator.model, [Signature("logits", logits, inputs)], folder / "saved")), "logits"


def test_a_lite_model_says_the_same(trained: Trained, tmp_path: Path) -> None:
    if trained.member.no_lite:
        pytest.skip(trained.member.no_lite)
    folder, signature = (exported_model if trained.member.lite == "model" else exported)(trained, tmp_path)
    saved = tf.saved_model.load(folder).signatures[signature]
    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[signature])
    lite = Interpreter(model_content=converter.convert()).get_signature_runner(signature)
    for row in range(3):
        kinds = lite.get_input_details()
        example = {name: trained.member.features[name][row : row + 1].astype(kinds[name]["dtype"]) for name in kinds}
        expected = saved(**{name: tf.constant(value) for name, value in example.items()})
        for name, value in lite(**example).items():
            np.testing.assert_allclose(value, expected[name], rtol=1e-5, atol=1e-6, err_msg=name)
