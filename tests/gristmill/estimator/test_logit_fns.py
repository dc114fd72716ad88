"""Functions of logits: built like those of the canned estimators, called with what they take."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.canned.logit_fns import call_logit_fn, dnn_logit_fn_builder, linear_logit_fn_builder
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.estimator import Estimator
from gristmill.estimator.heads import BinaryClassHead
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.spec import EstimatorSpec

fc = tf.feature_column

X = fc.numeric_column("x")
C = fc.categorical_column_with_identity("c", 3)
FEATURES = {"x": tf.constant([[1.0], [2.0]]), "c": tf.constant([[0], [2]])}
LABELS = [[1], [0]]


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensors((FEATURES, tf.constant(LABELS))).repeat(3)


def test_a_model_of_both_has_the_names_of_2_15(tmp_path: Path) -> None:
    head = BinaryClassHead()

    def model_fn(features: Any, labels: Any, mode: str, params: Any, config: Any) -> EstimatorSpec:
        deep = dnn_logit_fn_builder(1, [3], [X, fc.embedding_column(C, 2)], tf.nn.relu, 0.2, True)
        wide = linear_logit_fn_builder(1, [X, C])
        logits = sum(call_logit_fn(one, features, mode, params, config) for one in (deep, wide))
        variables = tf.compat.v1.trainable_variables()
        return head.create_estimator_spec(
            features, mode, logits, labels, keras.optimizers.SGD(0.1), trainable_variables=variables
        )

    made = Estimator(model_fn, tmp_path).train(input_fn)
    names = {name for name in made.get_variable_names() if name.startswith(("dnn/", "linear"))}
    assert np.any(made.get_variable_value("linear_model/x/weights"))
    assert names == {
        "dnn/hiddenlayer_0/batchnorm_0/beta",
        "dnn/hiddenlayer_0/batchnorm_0/gamma",
        "dnn/hiddenlayer_0/batchnorm_0/moving_mean",
        "dnn/hiddenlayer_0/batchnorm_0/moving_variance",
        "dnn/hiddenlayer_0/bias",
        "dnn/hiddenlayer_0/kernel",
        "dnn/input_from_feature_columns/input_layer/c_embedding/embedding_weights",
        "dnn/logits/bias",
        "dnn/logits/kernel",
        "linear_model/bias_weights",
        "linear_model/c/weights",
        "linear_model/x/weights",
    }


def test_gives_logits_of_the_units() -> None:
    deep = dnn_logit_fn_builder(3, (4, 2), [X], None, None, False)
    wide = linear_logit_fn_builder(2, [C], "mean")
    assert call_logit_fn(deep, FEATURES, ModeKeys.EVAL, None, None).shape == (2, 3)
    np.testing.assert_array_equal(call_logit_fn(wide, FEATURES, ModeKeys.EVAL, None, None), np.zeros((2, 2)))


def test_calls_with_what_a_function_takes() -> None:
    def everything(features: Any, mode: str, params: Any, config: Any) -> dict[str, Any]:
        assert (mode, params, config) == (ModeKeys.EVAL, {"a": 1}, "config")
        return {"one": features["x"], "two": features["x"]}

    given = (FEATURES, ModeKeys.EVAL, {"a": 1}, "config")
    assert set(call_logit_fn(everything, *given)) == {"one", "two"}
    assert call_logit_fn(lambda features: features["x"], *given) is FEATURES["x"]


@pytest.mark.parametrize("wrong", [1, [FEATURES["x"]], {1: FEATURES["x"]}, {"a": 1}])
def test_refuses_what_are_no_logits(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="logit_fn must give a tensor, or a dict of tensors by name"):
        call_logit_fn(lambda features: wrong, FEATURES, ModeKeys.EVAL, None, None)


@pytest.mark.parametrize("units", ["1", 2.0, 0])
def test_refuses_units_that_are_no_number(units: Any) -> None:
    with pytest.raises(ArgumentError, match="`units` must be a positive integer"):
        dnn_logit_fn_builder(units, [3], [X], None, None, False)
    with pytest.raises(ArgumentError, match="`units` must be a positive integer"):
        linear_logit_fn_builder(units, [X])
