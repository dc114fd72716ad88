"""What each kind of output names in a signature, and what it refuses."""

from typing import Any

import keras
import pytest
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export import (
    ClassificationOutput,
    EvalOutput,
    ExportOutput,
    PredictOutput,
    RegressionOutput,
)

FLOATS = tf.constant([[0.25, 0.75]])
NAMES = tf.constant([["no", "yes"]])
RECORDS = {"examples": tf.constant([b""])}


@pytest.mark.parametrize(
    ("output", "names"),
    [
        (ClassificationOutput(scores=FLOATS), ["scores"]),
        (ClassificationOutput(classes=NAMES), ["classes"]),
        (ClassificationOutput(FLOATS, NAMES), ["classes", "scores"]),
        (RegressionOutput(FLOATS), ["outputs"]),
        (PredictOutput(FLOATS), ["output"]),
        (PredictOutput({"a": FLOATS, ("head", "b"): NAMES}), ["a", "head/b"]),
        (EvalOutput(FLOATS), ["loss"]),
        (EvalOutput({"a": FLOATS, "loss_b": FLOATS}), ["loss/a", "loss_b"]),
        (EvalOutput(predictions=FLOATS), ["predictions"]),
        (EvalOutput(metrics={("h", "m"): (FLOATS, FLOATS)}), ["metrics/h/m/update_op", "metrics/h/m/value"]),
        (EvalOutput(metrics=(FLOATS, FLOATS)), ["metrics/update_op", "metrics/value"]),
    ],
)
def test_names_of_outputs(output: ExportOutput, names: list[str]) -> None:
    assert sorted(output.signature_outputs()) == names


def test_properties_give_what_came() -> None:
    output = ClassificationOutput(FLOATS, NAMES)
    assert (output.scores, output.classes) == (FLOATS, NAMES)
    assert RegressionOutput(FLOATS).value is FLOATS
    assert PredictOutput(FLOATS).outputs == {"output": FLOATS}
    evaluated = EvalOutput(FLOATS, {"a": NAMES})
    assert (evaluated.loss, evaluated.predictions, evaluated.metrics) == (
        {"loss": FLOATS},
        {"predictions/a": NAMES},
        None,
    )


def test_a_keras_metric_gives_its_result() -> None:
    metric = keras.metrics.Mean()
    metric.update_state([1.0, 3.0])
    tensors = EvalOutput(metrics={"mean": metric}).metrics or {}
    assert {name: float(tensor) for name, tensor in tensors.items()} == {
        "metrics/mean/value": 2.0,
        "metrics/mean/update_op": 2.0,
    }


def test_an_update_that_is_no_tensor_becomes_an_empty_one() -> None:
    tensors = EvalOutput(metrics={"m": (FLOATS, tf.Variable(1.0))}).metrics or {}
    assert tensors["metrics/m/update_op"].shape == [0]


def test_records_are_named_inputs() -> None:
    assert ClassificationOutput(FLOATS).signature_inputs(RECORDS) == {"inputs": RECORDS["examples"]}
    assert RegressionOutput(FLOATS).signature_inputs(RECORDS) == {"inputs": RECORDS["examples"]}
    assert PredictOutput(FLOATS).signature_inputs(RECORDS) == RECORDS


@pytest.mark.parametrize("output", [ClassificationOutput(FLOATS), RegressionOutput(FLOATS)])
@pytest.mark.parametrize("tensors", [{"x": FLOATS}, {**RECORDS, "more": NAMES}, {}])
def test_only_records_feed_a_classification_or_a_regression(output: ExportOutput, tensors: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="must be one string tensor"):
        output.signature_inputs(tensors)


@pytest.mark.parametrize("kind", [ClassificationOutput, RegressionOutput])
def test_only_float32_is_served(kind: Any) -> None:
    with pytest.raises(ArgumentError, match="must be float32"):
        kind(tf.cast(FLOATS, tf.float64)).signature_outputs()


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (ClassificationOutput, "one of `scores` and `classes`"),
        (lambda: ClassificationOutput(scores=tf.constant([1])), "`scores` must be a floating tensor"),
        (lambda: ClassificationOutput(scores=[1.0]), "`scores` must be a floating tensor"),
        (lambda: ClassificationOutput(classes=tf.constant([1])), "`classes` must be a string tensor"),
        (lambda: RegressionOutput(tf.constant([1])), "`value` must be a floating tensor"),
        (lambda: PredictOutput({"a": 1.0}), "must be a tensor"),
        (lambda: PredictOutput({1: FLOATS}), "must be a string"),
        (lambda: EvalOutput(loss=1.0), "must be a tensor"),
        (lambda: EvalOutput(metrics={"m": (1.0, FLOATS)}), "value of metric `metrics/m` must be a tensor"),
        (lambda: EvalOutput(metrics={"m": (FLOATS, 1.0)}), "update of metric `metrics/m` must be"),
        (lambda: PredictOutput({}).signature_outputs(), "at least one tensor"),
        (lambda: PredictOutput(FLOATS).signature_inputs({}), "at least one tensor"),
    ],
)
def test_rules(make: Any, rule: str) -> None:
    with pytest.raises(ArgumentError, match=rule):
        make()
