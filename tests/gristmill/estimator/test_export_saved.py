"""What export_model writes: a SavedModel that plain TensorFlow loads and runs, with the signatures of tf.estimator."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.export import (
    ClassificationOutput,
    EvalOutput,
    PredictOutput,
    RegressionOutput,
    ServingInputReceiver,
    TensorServingInputReceiver,
    build_parsing_serving_input_receiver_fn,
    build_raw_serving_input_receiver_fn,
)
from gristmill.estimator.export.outputs import TrainOutput
from gristmill.estimator.export.receiver_fns import build_raw_supervised_input_receiver_fn
from gristmill.estimator.export.saved import Part, export_model, export_modes
from gristmill.estimator.mode import ModeKeys

SPEC = {"x": tf.io.FixedLenFeature([], tf.float32), "c": tf.io.FixedLenFeature([], tf.string)}


class Linear:
    """2 x + the weight of c's place in a vocabulary file: a 10, b 20, others 30."""

    def __init__(self, folder: Path) -> None:
        self.vocabulary = folder / "vocabulary.txt"
        self.vocabulary.write_text("a\nb\n")
        self.weights = {
            "linear/x/weights": tf.Variable([[2.0]], name="linear/x/weights"),
            "linear/c/weights": tf.Variable([10.0, 20.0, 30.0], name="linear/c/weights"),
        }

    def logits(self, features: dict[str, Any]) -> Any:
        source = tf.lookup.TextFileInitializer(
            str(self.vocabulary),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        ids = tf.lookup.StaticHashTable(source, 2).lookup(features["c"])
        by_class = tf.gather(self.weights["linear/c/weights"], ids)[:, tf.newaxis]
        return tf.matmul(features["x"][:, tf.newaxis], self.weights["linear/x/weights"]) + by_class

    def __call__(self, features: dict[str, Any]) -> dict[str, Any]:
        logits = self.logits(features)
        names = tf.strings.as_string(tf.zeros_like(logits, tf.int32))
        classes = ClassificationOutput(scores=logits, classes=names)
        return {
            "serving_default": classes,
            "classification": classes,
            "regression": RegressionOutput(logits),
            "predict": PredictOutput({"logits": logits, ("head", "twice"): 2 * logits}),
        }


@pytest.fixture
def linear(tmp_path: Path) -> Linear:
    return Linear(tmp_path)


def example(x: float, c: str) -> bytes:
    features = {
        "x": tf.train.Feature(float_list=tf.train.FloatList(value=[x])),
        "c": tf.train.Feature(bytes_list=tf.train.BytesList(value=[c.encode()])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


EXAMPLES = [example(1.0, "a"), example(2.0, "b"), example(3.0, "z")]
LOGITS = [[12.0], [24.0], [36.0]]
RAW = {"x": tf.zeros([1]), "c": tf.constant(["a"])}


def signature_defs(folder: bytes) -> dict[str, Any]:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        return dict(tf.compat.v1.saved_model.load(session, ["serve"], os.fsdecode(folder)).signature_def)


def test_parsing_signatures_have_the_names_and_methods_of_tf_estimator(linear: Linear, tmp_path: Path) -> None:
    folder = export_model(linear, build_parsing_serving_input_receiver_fn(SPEC), tmp_path / "out", linear.weights)
    found = {
        key: (definition.method_name, sorted(definition.inputs), sorted(definition.outputs))
        for key, definition in signature_defs(folder).items()
        if not key.startswith("__saved_model")
    }
    classify = ("tensorflow/serving/classify", ["inputs"], ["classes", "scores"])  # as tf.estimator 2.15.1 gave
    assert found == {
        "serving_default": classify,
        "classification": classify,
        "regression": ("tensorflow/serving/regress", ["inputs"], ["outputs"]),
        "predict": ("tensorflow/serving/predict", ["examples"], ["head/twice", "logits"]),
    }


def test_parsed_records_give_the_models_values(linear: Linear, tmp_path: Path) -> None:
    folder = export_model(linear, build_parsing_serving_input_receiver_fn(SPEC), tmp_path / "out", linear.weights)
    signatures = tf.saved_model.load(os.fsdecode(folder)).signatures
    np.testing.assert_array_equal(signatures["regression"](inputs=tf.constant(EXAMPLES))["outputs"], LOGITS)
    predicted = signatures["predict"](examples=tf.constant(EXAMPLES))
    np.testing.assert_array_equal(predicted["logits"], LOGITS)
    np.testing.assert_array_equal(predicted["head/twice"], 2 * np.array(LOGITS))
    classes = signatures["serving_default"](inputs=tf.constant(EXAMPLES))["classes"]
    assert classes.numpy().tolist() == [[b"0"]] * 3


def test_raw_features_leave_out_what_takes_records(linear: Linear, tmp_path: Path, caplog: Any) -> None:
    folder = export_model(linear, build_raw_serving_input_receiver_fn(RAW), tmp_path / "out", linear.weights)
    signatures = tf.saved_model.load(os.fsdecode(folder)).signatures
    assert list(signatures) == ["predict"]
    assert "no default signature" in caplog.text
    predicted = signatures["predict"](x=tf.constant([1.0, 2.0]), c=tf.constant(["b", "z"]))
    assert predicted["logits"].numpy().tolist() == [[22.0], [34.0]]


def test_output_shapes_are_told(linear: Linear, tmp_path: Path) -> None:
    folder = export_model(linear, build_parsing_serving_input_receiver_fn(SPEC), tmp_path / "out", linear.weights)
    outputs = signature_defs(folder)["predict"].outputs
    assert [dim.size for dim in outputs["logits"].tensor_shape.dim] == [-1, 1]


def test_an_export_needs_nothing_else(linear: Linear, tmp_path: Path) -> None:
    folder = export_model(linear, build_parsing_serving_input_receiver_fn(SPEC), tmp_path / "out", linear.weights)
    linear.vocabulary.unlink()
    moved = tmp_path / "moved"
    os.rename(os.fsdecode(folder), moved)
    program = (
        "import sys, tensorflow as tf\n"
        "signature = tf.saved_model.load(sys.argv[1]).signatures['predict']\n"
        "records = [bytes.fromhex(text) for text in sys.argv[2:]]\n"
        "print(signature(examples=tf.constant(records))['logits'].numpy().ravel().tolist())\n"
    )
    command = [sys.executable, "-c", program, str(moved), *(record.hex() for record in EXAMPLES)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "[12.0, 24.0, 36.0]"


def test_variables_are_found_by_name(linear: Linear, tmp_path: Path) -> None:
    folder = export_model(linear, build_raw_serving_input_receiver_fn(RAW), tmp_path / "out", linear.weights)
    weights = tf.saved_model.load(os.fsdecode(folder)).weights
    assert weights["linear/x/weights"].numpy().tolist() == [[2.0]]


def test_a_variable_and_a_table_of_the_callers_own_are_saved(tmp_path: Path) -> None:
    own = tf.Variable(3.0)
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [5.0]), 7.0)
    receiver_fn = build_raw_serving_input_receiver_fn({"c": tf.constant(["a"])})
    folder = export_model(
        lambda features: {"serving_default": PredictOutput(own * table.lookup(features["c"]))},
        receiver_fn,
        tmp_path,
        {},
    )
    predicted = tf.saved_model.load(os.fsdecode(folder)).signatures["serving_default"](tf.constant(["a", "b"]))
    assert predicted["output"].numpy().tolist() == [15.0, 21.0]


def test_an_alternative_of_the_receiver_has_signatures_of_its_own(linear: Linear, tmp_path: Path) -> None:
    def receiver_fn() -> ServingInputReceiver:
        receiver = build_parsing_serving_input_receiver_fn(SPEC)()
        return ServingInputReceiver(receiver.features, receiver.receiver_tensors, {"parsed": receiver.features})

    folder = export_model(linear, receiver_fn, tmp_path / "out", linear.weights)
    signatures = tf.saved_model.load(os.fsdecode(folder)).signatures
    assert sorted(signatures) == ["classification", "parsed:predict", "predict", "regression", "serving_default"]
    predicted = signatures["parsed:predict"](x=tf.constant([1.0]), c=tf.constant(["b"]))
    assert predicted["logits"].numpy().tolist() == [[22.0]]


def test_a_receiver_that_feeds_too_little_is_left_out(tmp_path: Path, caplog: Any) -> None:
    def receiver_fn() -> ServingInputReceiver:
        one, two = (tf.compat.v1.placeholder(tf.float32, [None], name=name) for name in ("one", "two"))
        return ServingInputReceiver({"sum": one + two, "one": one}, {"one": one})

    def call(features: dict[str, Any]) -> dict[str, Any]:
        return {"serving_default": PredictOutput(features["one"]), "sum": PredictOutput(features["sum"])}

    caplog.set_level("INFO", "gristmill")
    folder = export_model(call, receiver_fn, tmp_path, {})
    assert list(tf.saved_model.load(os.fsdecode(folder)).signatures) == ["serving_default"]
    assert "also needs placeholder 'two'" in caplog.text


def test_a_single_tensor_is_named_input(tmp_path: Path) -> None:
    def receiver_fn() -> TensorServingInputReceiver:
        placeholder = tf.compat.v1.placeholder(tf.float32, [None, 2])
        return TensorServingInputReceiver(placeholder, placeholder)

    folder = export_model(lambda x: {"serving_default": PredictOutput(x + 1.0)}, receiver_fn, tmp_path, {})
    signature = tf.saved_model.load(os.fsdecode(folder)).signatures["serving_default"]
    assert signature(input=tf.zeros([1, 2]))["output"].numpy().tolist() == [[1.0, 1.0]]


def test_names_that_a_graph_cannot_hold_are_spelled_otherwise(tmp_path: Path) -> None:
    receiver_fn = build_raw_serving_input_receiver_fn({"sepal length": tf.zeros([1]), "a/b": tf.zeros([1])})
    folder = export_model(
        lambda features: {"serving_default": PredictOutput(features["sepal length"] - features["a/b"])},
        receiver_fn,
        tmp_path,
        {},
    )
    assert sorted(signature_defs(folder)["serving_default"].inputs) == ["a/b", "sepal_length"]


@pytest.mark.parametrize(("as_text", "name"), [(False, "saved_model.pb"), (True, "saved_model.pbtxt")])
def test_text_and_extra_files(linear: Linear, tmp_path: Path, as_text: bool, name: str) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    folder = export_model(
        linear,
        build_parsing_serving_input_receiver_fn(SPEC),
        tmp_path / "out",
        linear.weights,
        assets_extra={"deep/copy.txt": tmp_path / "notes.txt"},
        as_text=as_text,
    )
    path = Path(os.fsdecode(folder))
    assert [entry.name for entry in path.glob("saved_model.*")] == [name]
    assert (path / "assets.extra/deep/copy.txt").read_text() == "notes"
    assert (path / "assets/vocabulary.txt").read_text() == "a\nb\n"
    outputs = tf.saved_model.load(str(path)).signatures["regression"](tf.constant(EXAMPLES))["outputs"]
    np.testing.assert_array_equal(outputs, LOGITS)


def test_each_export_has_a_later_folder(tmp_path: Path) -> None:
    def export() -> int:
        receiver_fn = build_raw_serving_input_receiver_fn({"x": tf.zeros([1])})
        call: Callable[[Any], Any] = lambda features: {"serving_default": PredictOutput(features["x"] + 1.0)}  # noqa: E731
        return int(os.path.basename(export_model(call, receiver_fn, str(tmp_path), {})))

    first, second = export(), export()
    assert first < second
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [str(first), str(second)]


def test_a_failed_export_leaves_nothing(tmp_path: Path) -> None:
    receiver_fn = build_raw_serving_input_receiver_fn({"x": tf.zeros([1])})
    with pytest.raises(tf.errors.NotFoundError):
        export_model(
            lambda features: {"serving_default": PredictOutput(features["x"] + 1.0)},
            receiver_fn,
            tmp_path,
            {},
            assets_extra={"a": tmp_path / "absent"},
        )
    assert list(tmp_path.iterdir()) == []


def test_evaluation_and_training_stand_beside_serving(tmp_path: Path) -> None:
    weight, seen = tf.Variable(2.0, name="weight"), tf.Variable(0.0, name="seen")

    def step(features: dict[str, Any], labels: Any) -> tuple[Any, Any]:
        predicted = weight * features["x"]
        return predicted, tf.reduce_mean(tf.square(predicted - labels))

    def evaluate(features: dict[str, Any], labels: Any) -> dict[str, Any]:
        predicted, loss = step(features, labels)
        update = seen.assign_add(tf.cast(tf.size(labels), tf.float32))
        return {"eval": EvalOutput(loss, {"value": predicted}, {"seen": (seen.read_value(), update)})}

    def train(features: dict[str, Any], labels: Any) -> dict[str, Any]:
        loss = step(features, labels)[1]
        weight.assign_sub(0.5)
        return {"train": TrainOutput(loss)}

    x, y = tf.zeros([1]), tf.zeros([1])
    supervised = build_raw_supervised_input_receiver_fn({"x": x}, y)
    parts = {
        ModeKeys.PREDICT: Part(
            lambda features: {"serving_default": PredictOutput(weight * features["x"])},
            build_raw_serving_input_receiver_fn({"x": x}),
        ),
        ModeKeys.EVAL: Part(evaluate, supervised),
        ModeKeys.TRAIN: Part(train, supervised),
    }
    loaded = tf.saved_model.load(os.fsdecode(export_modes(parts, tmp_path, {"weight": weight, "seen": seen})))
    batch = {"x": tf.constant([1.0, 3.0]), "label": tf.constant([0.0, 0.0])}
    for times in (1, 2):
        found = loaded.signatures["eval"](**batch)
        assert sorted(found) == ["loss", "metrics/seen/update_op", "metrics/seen/value", "predictions/value"]
        assert float(found["loss"]) == 20.0
        assert float(found["metrics/seen/value"]) == 2.0 * times
    assert float(loaded.signatures["train"](**batch)["loss"]) == 20.0
    assert loaded.weights["weight"].numpy() == 1.5
    assert loaded.signatures["serving_default"](batch["x"])["output"].numpy().tolist() == [1.5, 4.5]


def test_rules_of_parts() -> None:
    with pytest.raises(ArgumentError, match="at least one mode"):
        export_modes({}, "unused", {})
    with pytest.raises(KindError, match="must return a receiver"):
        export_model(lambda features: {}, lambda: {"x": 1}, "unused", {})  # type: ignore[arg-type, return-value]
    raw = build_raw_supervised_input_receiver_fn({"x": tf.zeros([1])}, tf.zeros([1]))
    part = Part(lambda features, labels: {"eval": EvalOutput(tf.reduce_sum(features["x"]))}, raw)
    with pytest.raises(ArgumentError, match="different keys"):
        export_modes({ModeKeys.EVAL: part, ModeKeys.TRAIN: part}, "unused", {})
