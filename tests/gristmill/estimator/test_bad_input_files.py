"""Folders, checkpoints and vocabularies that are another model's, cut, or rubbish: what is refused, and what still goes on."""

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import gristmill.estimator as tf_estimator
from gristmill.errors import GristmillError, IntegrityError
from gristmill.estimator.errors import ArgumentError
from gristmill.features import CategoryColumn, CrossColumn, NumberColumn

fc = tf.feature_column

FEATURES = {"n": np.array([1.0, 2.0, 3.0, 4.0], np.float32), "v": np.array(["a", "b", "c", "b"])}
LABELS = np.array([0, 1, 0, 1])
STEP = "model.ckpt-2"


def input_fn() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((FEATURES, LABELS)).batch(4).repeat(2)


def word_file(folder: Path, words: Sequence[str]) -> str:
    path = folder / f"{'-'.join(words)}.txt"
    path.write_text("\n".join(words) + "\n")
    return str(path)


def words(letters: str, folder: Path) -> dict[str, Any]:
    """Columns of the feature `v` with a vocabulary, by kind."""
    listed = fc.categorical_column_with_vocabulary_list("v", list(letters))
    filed = fc.categorical_column_with_vocabulary_file("v", word_file(folder, letters), len(letters))
    own = CategoryColumn("v", vocabulary=tuple(letters))
    return {
        "list": listed,
        "file": filed,
        "own": own,
        "cross": CrossColumn(own, own),
        "crossed": fc.crossed_column([listed, "v"], 9),
    }


def linear(folder: Path, *columns: Any, **options: Any) -> Any:
    return tf_estimator.LinearClassifier(list(columns), str(folder), **options)


def use(call: str, estimator: Any) -> Any:
    if call == "train":
        return estimator.train(input_fn, steps=1)
    if call == "evaluate":
        return estimator.evaluate(input_fn)
    if call == "predict":
        return list(estimator.predict(input_fn))
    serving = tf_estimator.export.build_raw_serving_input_receiver_fn(
        {name: tf.TensorSpec([None], value.dtype) for name, value in FEATURES.items()}
    )
    return estimator.export_saved_model(estimator.model_dir + "/export", serving)


@pytest.fixture(scope="module")
def number_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("number")
    linear(folder, fc.numeric_column("n")).train(input_fn)
    return folder


@pytest.fixture(scope="module")
def tree_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trees")
    tf_estimator.BoostedTreesClassifier([fc.numeric_column("n")], 1, model_dir=str(folder), n_trees=2).train(input_fn)
    return folder


def refused(kind: type[GristmillError], text: str, call: str, estimator: Any) -> None:
    with pytest.raises(kind) as told:
        use(call, estimator)
    assert re.search(text, str(told.value)), str(told.value)


SPOILT: dict[str, tuple[Callable[[Path], Any], str]] = {
    "rubbish in `checkpoint`": (lambda f: (f / "checkpoint").write_bytes(b"rubbish\n"), "/checkpoint must name a .*'rubbish'"),
    "bytes in `checkpoint`": (lambda f: (f / "checkpoint").write_bytes(b"\xff\xfe\x00"), "file .*/checkpoint (must|cannot)"),
    "an empty `checkpoint`": (lambda f: (f / "checkpoint").write_bytes(b""), "file .*/checkpoint must name a .* Received: ''"),
    "no index": (lambda f: _index(f).unlink(), "file .*/checkpoint must name a checkpoint that is there. Received: 'model_ch"),
    "a rubbish index": (lambda f: _index(f).write_bytes(b"rubbish" * 9), r"checkpoint .*/model.ckpt-\d+ cannot be read"),
    "a cut index": (lambda f: _index(f).write_bytes(_index(f).read_bytes()[:40]), r"checkpoint .*/model.ckpt-\d+ cannot be read"),
    "cut data": (lambda f: _data(f).write_bytes(_data(f).read_bytes()[:3]), r"checkpoint .*/model.ckpt-\d+ is cut or changed"),
    "no data": (lambda f: _data(f).unlink(), r"checkpoint .*/model.ckpt-\d+ (is cut or changed|cannot be read)"),
}  # fmt: skip


def _index(folder: Path) -> Path:
    return sorted(folder.glob("*.index"))[-1]


def _data(folder: Path) -> Path:
    return sorted(folder.glob("*.data*"))[-1]


@pytest.mark.parametrize("model", ["linear", "trees"])
@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_checkpoint(name: str, model: str, number_folder: Path, tree_folder: Path, tmp_path: Path) -> None:
    spoil, text = SPOILT[name]
    folder = tmp_path / "copy"
    shutil.copytree(number_folder if model == "linear" else tree_folder, folder)
    spoil(folder)
    column = fc.numeric_column("n")
    for call in ("train", "evaluate"):
        made = (
            linear(folder, column)
            if model == "linear"
            else tf_estimator.BoostedTreesClassifier([column], 1, model_dir=str(folder), n_trees=9)
        )
        refused(IntegrityError, text, call, made)


@pytest.mark.parametrize("call", ["train", "evaluate", "predict", "export"])
def test_a_folder_that_is_a_file(call: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    refused(
        ArgumentError,
        "model_dir must be a folder. Received: .*/file, a file",
        call,
        linear(tmp_path / "file", fc.numeric_column("n")),
    )


ANOTHERS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "another shape": (lambda f: linear(f, fc.numeric_column("n"), n_classes=3), "`linear/linear_model/.*` must have the shape"),
    "another column": (lambda f: linear(f, fc.numeric_column("m", 1)), "must hold the variables .* lacks linear/linear_model/m"),
    "own columns": (lambda f: linear(f, NumberColumn("n")), "must hold the variables of this model"),
    "another kind": (lambda f: tf_estimator.BaselineClassifier(str(f)), "must hold the variables .* lacks baseline/bias"),
    "trees": (
        lambda f: tf_estimator.BoostedTreesClassifier([fc.numeric_column("n")], 1, model_dir=str(f)),
        "must hold boosted trees; is it another model's\\? Received: global_step, linear",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ANOTHERS)
def test_a_folder_of_another_model(name: str, number_folder: Path) -> None:
    make, text = ANOTHERS[name]
    features = FEATURES | {"m": FEATURES["n"]}
    with pytest.raises(ArgumentError) as told:
        make(number_folder).train(lambda: (features, LABELS), steps=1)
    assert re.search(text, str(told.value)), str(told.value)
    assert str(number_folder) in str(told.value)


@pytest.mark.parametrize("kind", ["list", "own"])
def test_a_folder_of_a_larger_model(kind: str, tmp_path: Path) -> None:
    number = NumberColumn("n") if kind == "own" else fc.numeric_column("n")
    column = words("abc", tmp_path)[kind]
    linear(tmp_path / "f", number, column).train(input_fn)
    for call in ("train", "evaluate", "predict", "export"):
        refused(
            ArgumentError,
            "must have all weights of the checkpoint .*/f/model.ckpt-2; is it a larger.* It also holds .*v.* Received: global_",
            call,
            linear(tmp_path / "f", number),
        )


def test_a_folder_of_a_larger_model_of_2_15(tmp_path: Path) -> None:
    columns = [fc.numeric_column("n"), words("abc", tmp_path)["list"]]
    linear(tmp_path / "f", *columns).train(input_fn)
    _without_notes(tmp_path / "f")
    use("evaluate", linear(tmp_path / "f", *columns))
    refused(ArgumentError, "It also holds linear/linear_model/v/weights", "train", linear(tmp_path / "f", columns[0]))


def _without_notes(folder: Path) -> None:
    """Makes a checkpoint what another program would have written."""
    prefix = str(folder / STEP)
    reader = tf.train.load_checkpoint(prefix)
    names = [name for name in sorted(reader.get_variable_to_shape_map()) if not name.startswith("_gristmill")]
    values = [reader.get_tensor(name) for name in names]
    tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=[""] * len(names), tensors=values)


@pytest.mark.parametrize("kind", ["list", "file", "own", "cross", "crossed"])
def test_a_vocabulary_with_other_words(kind: str, tmp_path: Path) -> None:
    before, after = words("abc", tmp_path), words("acb", tmp_path)
    linear(tmp_path / "f", before[kind]).train(input_fn)
    for call in ("train", "evaluate", "predict", "export"):
        use(call, linear(tmp_path / "f", before[kind]))
    text = "vocabulary of the feature 'v' must be that of the checkpoint .*, 3 words, a, b, c .* Received: 3 words, a, c, b "
    for call in ("train", "evaluate", "predict", "export"):
        refused(ArgumentError, text, call, linear(tmp_path / "f", after[kind]))


def test_a_vocabulary_in_a_file_may_be_the_list_of_before(tmp_path: Path) -> None:
    column = words("abc", tmp_path)
    linear(tmp_path / "f", column["list"]).train(input_fn)
    use("train", linear(tmp_path / "f", column["file"]))


@pytest.mark.parametrize("model", ["linear", "trees"])
def test_labels_with_other_words(model: str, tmp_path: Path) -> None:
    def named() -> Any:
        return FEATURES, np.array(["x", "y", "x", "y"])

    def made(words: str) -> Any:
        options = {"label_vocabulary": list(words), "model_dir": str(tmp_path)}
        if model == "linear":
            return tf_estimator.LinearClassifier([fc.numeric_column("n")], **options)
        return tf_estimator.BoostedTreesClassifier([fc.numeric_column("n")], 1, n_trees=9, max_depth=1, **options)

    made("xy").train(named, steps=2)
    made("xy").train(named, steps=1)
    text = "vocabulary of the labels must be that of the checkpoint .*, 2 words, x, y .* Received: 2 words, y, x"
    refused(ArgumentError, text, "predict", made("yx"))


def test_trees_with_other_words(tmp_path: Path) -> None:
    def grown(letters: str) -> Any:
        column = fc.indicator_column(words(letters, tmp_path)["list"])
        return tf_estimator.BoostedTreesClassifier([column], 1, model_dir=str(tmp_path / "f"), n_trees=9, max_depth=1)

    use("train", grown("abc"))
    use("train", grown("abc"))
    for call in ("train", "evaluate"):
        refused(
            ArgumentError,
            "vocabulary of the feature 'v' .* 3 words, a, b, c .* Received: 3 words, c, b, a",
            call,
            grown("cba"),
        )


def test_fit_with_other_words(tmp_path: Path) -> None:
    class Batches:
        def __len__(self) -> int:
            return 2

        def __call__(self, epoch: int, start: int) -> tf.data.Dataset:
            return input_fn()

    linear(tmp_path / "f", words("abc", tmp_path)["own"]).fit(Batches(), epochs=1)
    refused(
        ArgumentError,
        "3 words, a, b, c .* Received: 3 words, a, c, b",
        "train",
        linear(tmp_path / "f", words("acb", tmp_path)["own"]),
    )
    with pytest.raises(ArgumentError, match="vocabulary of the feature 'v'"):
        linear(tmp_path / "f", words("acb", tmp_path)["own"]).fit(Batches(), epochs=1)


def test_a_checkpoint_of_2_15_says_nothing_of_its_words(tmp_path: Path) -> None:
    linear(tmp_path / "f", words("abc", tmp_path)["list"]).train(input_fn)
    _without_notes(tmp_path / "f")
    use("train", linear(tmp_path / "f", words("acb", tmp_path)["list"]))


def test_a_warm_start_takes_another_vocabulary(tmp_path: Path) -> None:
    linear(tmp_path / "f", words("abc", tmp_path)["list"]).train(input_fn)
    name = "linear/linear_model/v/weights"
    info = tf_estimator.VocabInfo(word_file(tmp_path, "cba"), 3, 0, word_file(tmp_path, "abc"))
    start = tf_estimator.WarmStartSettings(str(tmp_path / "f"), ".*bias.*|.*v/weights", {name: info})
    made = linear(tmp_path / "g", words("cba", tmp_path)["list"], warm_start_from=start)
    use("evaluate", made)
    use("train", made)


@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_text("a\n")])
def test_a_vocabulary_file_that_is_not_there_or_short(spoil: Any, tmp_path: Path) -> None:
    column = words("abc", tmp_path)["file"]
    spoil(Path(column.vocabulary_file))
    text = "vocabulary file of the column 'v' must (be there. Received: .*a-b-c.txt|hold 3 .* Received: 1 words in .*a-b-c.txt)"
    refused(ArgumentError, text, "train", linear(tmp_path / "f", column))
    assert not (tmp_path / "f").exists()
