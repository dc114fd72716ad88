"""A small dataset, its first steps in eager mode, and a run on it that translates with its lite files and without."""

import shutil
from pathlib import Path

import pytest

from apps.translation import app
from apps.translation.commands.translate import app as verb
from apps.translation.opened import open_model
from apps.translation.options import IngestOptions
from apps.translation.plan import make_plan
from apps.translation.text import Translator
from gristmill.errors import InputError, IntegrityError
from gristmill.workflow import export_run, look_at_steps, train_app
from pipelines.ingest import ingest

pytestmark = pytest.mark.slow
WORDS = {"dog": "perro", "cat": "gato", "book": "libro", "boat": "barco", "tree": "árbol", "moon": "luna"}
PAIRS = [
    (f"{first} {second} {third}", f"{WORDS[first]} {WORDS[second]} {WORDS[third]}")
    for first in WORDS
    for second in WORDS
    for third in WORDS
]
SETTINGS = (
    "network.width=16",
    "network.heads=2",
    "network.encoder_layers=1",
    "network.feed_forward=32",
    "training.epochs=2",
    "training.average_last=2",
    "training.batch_pieces=256",
    "training.row_lengths=[32]",
    "decoding.beam=2",
    "decoding.source_pieces=16",
    "decoding.target_pieces=16",
)
LINES = ["dog cat tree", "", "moon boat 7", "book"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    (folder / "pairs.tsv").write_text("".join(f"{source}\t{target}\n" for source, target in PAIRS), "utf-8")
    options = IngestOptions(pieces=400, held_out=0.1)
    ingest(make_plan({"pairs": [str(folder / "pairs.tsv")]}, options), folder / "dataset")
    return folder / "dataset"


@pytest.fixture(scope="module")
def run(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "mine"
    train_app(app, dataset, path, overrides=SETTINGS)
    export_run(path, formats="f32,int8_weights")
    return path


def test_the_first_steps_are_shown_in_eager_mode(dataset: Path) -> None:
    (records,) = look_at_steps(app, dataset, 2, overrides=SETTINGS).values()
    assert [record.number for record in records] == [1, 2]
    assert all(record.global_norm > 0 for record in records)
    layers = {part for output in records[0].outputs for part in output.layer.split("/")}
    assert {"encoder_0", "decoder_0"} <= layers


def test_a_run_translates_the_same_with_its_lite_file_and_with_its_keras_model(run: Path) -> None:
    found = []
    for lite in ("auto", "f32", "int8_weights", "none"):
        model = open_model(str(run), lite)
        model.check_languages("en", "es")
        found.append(Translator(model.engine, model.vocabulary, segment_pieces=model.segment_pieces).translate(LINES))
    assert all(lines == found[0] for lines in found)
    assert found[0] != LINES


def test_the_keras_model_needs_the_dataset_wherever_it_is(
    run: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(dataset, moved)
    hidden = dataset.rename(dataset.with_name("hidden"))
    try:
        with pytest.raises((InputError, IntegrityError), match="dataset"):
            open_model(str(run), "none")
        (tmp_path / "in").write_text("dog cat\n\n")
        words = [
            "--run",
            run,
            "--lite",
            "none",
            "--dataset",
            moved,
            "--input",
            tmp_path / "in",
            "--output",
            tmp_path / "out",
        ]
        with pytest.raises(SystemExit) as left:
            verb([str(word) for word in words], prog_name="gristmill translate")
        assert not left.value.code, capfd.readouterr().err
        assert len((tmp_path / "out").read_text().split("\n")) == 3
    finally:
        hidden.rename(dataset)
