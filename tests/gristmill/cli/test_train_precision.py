"""`gristmill train --precision`, and the export of a model of one's own, which needs its file only for its own parts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest

from gristmill.lite import LiteModel
from gristmill.progress import Silent
from gristmill.runs import Run
from gristmill.training import Checkpoints
from gristmill.workflow import keras_app, train_app
from tests.gristmill.cli.rated import RATED

pytestmark = pytest.mark.slow
MODEL = f"""{RATED}
def build(dataset):
    return rated(dataset)

def twice(dataset):
    return rated(dataset, Twice)
"""
SETTINGS = ["label=rating", "batch=64", "epochs=12", "metric=mae"]
OVERRIDES = [word for setting in SETTINGS for word in ("--set", setting)]


@pytest.fixture
def own(ingested: Any, work: Path) -> Path:
    path = work / "precise.py"
    path.write_text(MODEL)
    return path


def test_a_float16_run_is_evaluated_and_exported_in_float32(own: Path, work: Path, command: Callable[..., Any]) -> None:
    words = ["train", "--model", "precise.py:build", "--dataset", "data", "--out", "kept/half", *OVERRIDES]
    done = command(*words, "--precision", "mixed_float16", "--json", cwd=work)
    assert done.status == 0, done.err
    own.unlink()  # the saved model is whole without it
    evaluated = command("evaluate", "kept/half", "--split", "validation", "--json", cwd=work)
    assert evaluated.status == 0, evaluated.err
    trained = done.json["metrics"]["validation"]["model"]
    assert evaluated.json["metrics"]["validation"]["model"] == pytest.approx(trained, rel=1e-4)
    exported = command("export", "kept/half", "--lite", "auto", "--json", cwd=work)
    assert exported.status == 0, exported.err
    assert [row["format"] for row in exported.json["lite"]] == ["f32", "f16", "dynamic"]
    for row in exported.json["lite"]:
        assert row["metrics"]["mae"] == pytest.approx(row["float_metrics"]["mae"], abs=0.02)
        assert row["agreement"] >= 0.9
    run = Run.open(work / "kept/half")
    assert run.config["precision"] == "mixed_float16"
    lite = LiteModel(run.file("lite/model-f32.tflite"))
    assert lite.signatures["predict"].inputs == {"item": ((1,), "int64"), "user": ((1,), "int64")}
    assert {"item.txt", "user.txt"} == set(lite.assets)
    model = keras.saving.load_model(run.file("model.keras"))
    assert {layer.compute_dtype for layer in model.layers if layer.weights} == {"float32"}


def test_the_file_is_needed_for_its_own_classes(own: Path, work: Path, command: Callable[..., Any]) -> None:
    words = ["train", "--model", "precise.py:twice", "--dataset", "data", "--out", "kept/twice", *OVERRIDES, "--json"]
    done = command(*words, cwd=work)
    assert done.status == 0, done.err
    exported = command("export", "kept/twice", "--lite", "f32", "--json", cwd=work)
    assert exported.status == 0, exported.err
    own.write_text(f"{MODEL}\n# changed\n")
    changed = command("export", "kept/twice", "--json", cwd=work)
    own.unlink()
    missing = command("evaluate", "kept/twice", "--json", cwd=work)
    for done, what in ((changed, "a file that has changed"), (missing, "no such file")):
        assert done.status == 2
        assert "without the file that built it (unknown class Twice)" in done.json["error"]["message"]
        assert what in done.json["error"]["message"]


def test_an_unknown_precision_gets_the_nearest(own: Path, work: Path, answer: Callable[..., Any]) -> None:
    words = ["train", "--model", "precise.py:build", "--dataset", "data", "--out", "kept/odd"]
    done = answer(*words, "--precision", "mixed_flot16", "--json", cwd=work)
    assert done.status == 2
    assert "unknown precision 'mixed_flot16'; did you mean 'mixed_float16'" in done.json["error"]["message"]
    assert not (work / "kept/odd").exists()


class Told(Silent):
    """Notes the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


def test_training_stopped_at_another_precision_starts_anew(
    own: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saves, told = Checkpoints.save, Told()
    app, out = keras_app(f"{own}:build"), tmp_path / "stopped"

    def save_and_stop(*arguments: Any) -> None:
        saves(*arguments)
        raise KeyboardInterrupt

    def train(precision: str) -> None:
        train_app(app, work / "data", out, overrides=SETTINGS, precision=precision, progress=told)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "save", save_and_stop)
        for precision in ("mixed_float16", "mixed_float16", "mixed_bfloat16"):
            with pytest.raises(KeyboardInterrupt):
                train(precision)
            assert keras.config.dtype_policy().name == "float32"
    went_on = [line for line in told.lines if "goes on after" in line or "starts anew" in line]
    assert went_on == [
        "train model: goes on after step 9",
        "training starts anew: what was left of it has other precision; "
        "it is set aside, and the same command goes on with it where that is as it was",
    ]
