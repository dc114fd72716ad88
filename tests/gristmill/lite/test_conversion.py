"""Converted files keep names, weights and values; what cannot be converted is refused by name."""

import json
import subprocess
import sys
import traceback
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gristmill.errors import InputError, IntegrityError, ParityError, WorkError
from gristmill.lite import (
    Job,
    compare,
    convert,
    convert_all,
    converter,
    count_weights,
    read_bundle,
    top_k_agreement,
)

KINDS = {"f32": 1e-5, "f16": 1e-2, "dynamic": 0.2, "int8_weights": 0.1}


@pytest.mark.parametrize(("name", "allowed"), KINDS.items())
def test_a_converted_model_gives_the_float_models_answer(converted: Any, name: str, allowed: float) -> None:
    model = converted.load(name=name)
    rows = converted.histories
    expected = [{key: value.numpy() for key, value in converted.recommend(row).items()} for row in rows]
    found = [model("recommend", history=row) for row in rows]

    differences = compare(expected, found)
    items = [np.concatenate([row["items"] for row in side]) for side in (expected, found)]

    assert differences["scores"].max_abs < allowed
    assert top_k_agreement(items[0], items[1]) > (0.95 if name in {"f32", "f16"} else 0.8)
    assert len({row["items"].tobytes() for row in found}) == len(rows)


@pytest.mark.parametrize("name", KINDS)
def test_seen_items_are_never_recommended(converted: Any, name: str) -> None:
    model = converted.load(name=name)
    for row in converted.histories:
        assert not set(row[0]) & set(model("recommend", history=row)["items"][0])


def test_names_shapes_and_dtypes_survive(converted: Any) -> None:
    signatures = converted.load().signatures
    assert list(signatures) == ["recommend", "score"]
    assert signatures["recommend"].inputs == {"history": ((1, 16), "int32")}
    assert signatures["recommend"].outputs == {"items": ((1, 20), "int32"), "scores": ((1, 20), "float32")}
    assert signatures["score"].inputs == {"history": ((1, 16), "int32"), "items": ((1, 5), "int32")}


def test_two_signatures_share_one_set_of_weights(converted: Any) -> None:
    found = count_weights(read_bundle(converted.file("retrieval", "f32")).model)
    assert 0.95 * converted.weights < found < 1.05 * converted.weights


def test_scores_of_the_second_signature_are_those_of_the_first(converted: Any) -> None:
    model = converted.load()
    history = converted.histories[6]
    top = model("recommend", history=history)
    scores = model("score", history=history, items=top["items"][:, :5])["score"]
    np.testing.assert_allclose(scores, top["scores"][:, :5], rtol=1e-5)


def test_smaller_formats_are_smaller(converted: Any) -> None:
    sizes = {name: converted.file("retrieval", name).stat().st_size for name in KINDS}
    assert max(sizes["f16"], sizes["dynamic"]) < sizes["f32"]
    assert sizes["int8_weights"] < sizes["f16"]


def test_words_go_in_as_strings(converted: Any) -> None:
    import tensorflow as tf

    model = converted.load("ranking")
    age = np.array([[0.5]], np.float32)
    for city in ("Oslo", "Rome", "Atlantis"):
        words = np.array([city], dtype=object)
        expected = converted.rank(age=tf.constant(age), city=words)["probability"].numpy()
        np.testing.assert_allclose(model(age=age, city=words)["probability"], expected, atol=1e-6)


def test_unzip_lists_the_assets_and_a_bare_interpreter_loads_the_file(converted: Any) -> None:
    from ai_edge_litert.interpreter import Interpreter

    path = converted.file("retrieval", "dynamic")
    assert zipfile.ZipFile(path).namelist() == ["items.txt", "metadata/about.json"]
    for interpreter in (Interpreter(str(path)), Interpreter(model_content=path.read_bytes())):
        runner = interpreter.get_signature_runner("recommend")
        history = converted.histories[0]
        expected = converted.load(name="dynamic")("recommend", history=history)
        np.testing.assert_array_equal(runner(history=history)["items"], expected["items"])


def test_a_file_runs_without_tensorflow(converted: Any) -> None:
    code = (
        "import sys, numpy; from gristmill.lite import LiteModel, attach; model = LiteModel(sys.argv[1]);"
        "model('recommend', history=numpy.ones((1, 16), 'int32'));"
        "assert not {'tensorflow', 'keras', 'apache_beam'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, converted.file("retrieval", "f32")], check=True)


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs the converter in this process, which spares each test of a failure 10 s of start-up."""

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        try:
            converter.main(Path(command[-1]), json.loads(options["input"]))
        except Exception:
            return subprocess.CompletedProcess(command, 1, stderr=traceback.format_exc())
        return subprocess.CompletedProcess(command, 0, stderr="")

    monkeypatch.setattr("gristmill.lite.conversion.subprocess.run", run)


def save_without_tracking(folder: Path) -> None:
    """Hangs a Keras model of 6,700 weights on a plain tf.Module, which loses them."""
    import keras
    import tensorflow as tf

    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(100), keras.layers.Dense(3)])
    module = tf.Module()
    module.model = model
    spec = tf.TensorSpec((1, 64), tf.float32, name="x")
    function = tf.function(lambda x: {"y": model(x)}, input_signature=[spec])
    tf.saved_model.save(module, str(folder), signatures={"predict": function})


@pytest.mark.usefixtures("in_process")
def test_a_file_that_lost_its_weights_is_refused(tmp_path: Path) -> None:
    save_without_tracking(tmp_path / "lost")
    with pytest.raises(ParityError, match=r"^lost\.tflite is refused: it holds 0 of the 6,700 weights"):
        convert(tmp_path / "lost", tmp_path / "lost.tflite", "f32")
    assert [path.name for path in tmp_path.iterdir()] == ["lost"]


@pytest.mark.usefixtures("in_process")
def test_operations_that_no_runtime_has_are_named(tmp_path: Path) -> None:
    import tensorflow as tf

    module = tf.Module()
    spec = tf.TensorSpec((4, 4), tf.float32, name="x")
    module.f = tf.function(lambda x: {"y": tf.linalg.svd(x)[0] + tf.linalg.inv(x)}, input_signature=[spec])
    tf.saved_model.save(module, str(tmp_path / "svd"), signatures={"decompose": module.f})
    with pytest.raises(WorkError, match=r"cannot be converted: .* MatrixInverse, Svd;"):
        convert_all(tmp_path / "svd", tmp_path, "plant", ["f32"])
    assert [path.name for path in tmp_path.iterdir()] == ["svd"]


@pytest.mark.usefixtures("in_process")
def test_a_saved_model_that_cannot_be_read_gives_the_converters_last_words(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"no graph")
    with pytest.raises(WorkError, match=r"(?s)the SavedModel cannot be converted \(exit status 1\):.*Error"):
        convert(tmp_path, tmp_path / "a.tflite", "f32")


def test_a_folder_that_is_no_saved_model_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"saved_model\.pb is missing"):
        convert(tmp_path, tmp_path / "a.tflite", "f32")


def test_an_unknown_format_and_a_bad_asset_name_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown lite format 'f23'; did you mean 'f32'"):
        Job(tmp_path, {"f23": tmp_path / "a.tflite"})
    with pytest.raises(InputError, match=r"plain relative path. Received: '\.\./a'"):
        Job(tmp_path, {"f32": tmp_path / "a.tflite"}, {"../a": b""})
