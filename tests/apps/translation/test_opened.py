"""A translator opened from a lite file: what it is asked and gives, and files that are none."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gristmill.lite
import gristmill.runs
from apps.translation import opened
from apps.translation.lite_engine import LiteEngine
from apps.translation.opened import ABOUT, VOCABULARY, open_model
from apps.translation.text import Translator
from apps.translation.text.pieces import SentencePieces
from gristmill.errors import InputError, IntegrityError


class Given:
    """A lite file that gives the source back, with a step of -1 its pieces in the opposite order."""

    def __init__(self, path: Path, assets: Mapping[str, bytes] | None = None, step: int = 1) -> None:
        self.path, self.assets, self.step = path, assets or {}, step
        kinds = {"source": SimpleNamespace(shape=(1, 12)), "limit": SimpleNamespace(shape=(1,))}
        found = {"pieces": SimpleNamespace(shape=(1, 3, 20))}
        self.signatures: dict[str, Any] = {
            "translate": SimpleNamespace(inputs=kinds),
            "beam": SimpleNamespace(inputs=kinds, outputs=found),
        }
        self.asked: list[str] = []

    def __call__(self, signature: str, **inputs: NDArray[np.int32]) -> dict[str, NDArray[np.int32]]:
        self.asked.append(signature)
        assert inputs["source"].shape == (1, 12) and inputs["limit"].shape == (1,)
        (row,) = inputs["source"]
        end = list(row).index(2)
        assert not row[end + 1 :].any()
        pieces = np.zeros(20, np.int32)
        pieces[:end] = row[:end][:: self.step]
        if signature == "translate":
            return {"pieces": pieces[None]}
        scores = np.array([[-0.5, -1.0, -2.0]], np.float32)
        return {"pieces": np.stack([pieces, *np.zeros((2, 20), np.int32)])[None], "scores": scores}


@pytest.fixture
def lite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """`lite(assets)` is the path of a lite file with these assets."""

    def make(assets: Mapping[str, bytes]) -> str:
        (tmp_path / "model.tflite").write_bytes(b"")
        monkeypatch.setattr(gristmill.lite, "LiteModel", lambda path: Given(path, assets))
        return str(tmp_path / "model.tflite")

    return make


def test_greedy_and_beam_have_a_signature_each() -> None:
    model = Given(Path("model.tflite"), step=-1)
    engine = LiteEngine(model)  # type: ignore[arg-type]
    assert (engine.source_pieces, engine.beam) == (11, 3)
    assert engine.translate([[7, 8, 9], [5]], 1) == [[9, 8, 7], [5]]
    assert engine.translate([[7, 8]], 3) == [[8, 7]]
    assert model.asked == ["translate", "translate", "beam"]
    assert engine.hypotheses([7, 8]) == [([8, 7], -0.5), ([], -1.0), ([], -2.0)]
    with pytest.raises(InputError, match=r"must be 1 or 3, with which model\.tflite was exported\. Received: 4"):
        engine.translate([[7]], 4)
    with pytest.raises(InputError, match=r"at most 11 pieces\. Received: 12"):
        engine.translate([[7] * 12], 1)
    model.signatures = {"serve": model.signatures["translate"]}
    with pytest.raises(InputError, match="must have the signature 'translate'"):
        LiteEngine(model)  # type: ignore[arg-type]


def test_a_lite_file_brings_its_vocabulary_and_languages(lite: Callable[..., str], pieces: bytes) -> None:
    about = json.dumps({"source_language": "en", "target_language": "es"}).encode()
    model = open_model(lite({VOCABULARY: pieces, ABOUT: about}))
    assert (model.name, model.source_language, model.target_language) == ("model.tflite", "en", "es")
    assert model.segment_pieces == 11
    translator = Translator(model.engine, model.vocabulary, segment_pieces=model.segment_pieces)
    assert translator.translate(["the dog 7 😀"]) == ["the dog 7 😀"]
    line = "the dog sees the cat " * 20
    assert translator.translate([line, ""]) == [line, ""]


def test_a_vocabulary_spells_what_it_lacks_in_bytes(pieces: bytes) -> None:
    vocabulary = SentencePieces(pieces)
    ids = vocabulary.encode("dog ß")
    assert [vocabulary.is_byte(piece) for piece in ids[-2:]] == [True, True]
    assert vocabulary.spell(ids)[-2:] == ["<0xC3>", "<0x9F>"]
    assert vocabulary.decode(ids) == "dog ß" and len(vocabulary) > max(ids)
    with pytest.raises(IntegrityError, match="no SentencePiece model"):
        SentencePieces(b"none")


def test_what_is_no_translator_is_told(lite: Callable[..., str], pieces: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a file that is there\. Received: none\.tflite"):
        open_model("none.tflite")
    with pytest.raises(InputError, match=r"without vocabulary/pieces\.model and translation\.json"):
        open_model(lite({}))
    with pytest.raises(IntegrityError, match="must tell source_language"):
        open_model(lite({VOCABULARY: pieces, ABOUT: b"[]"}))
    with pytest.raises(InputError, match="unknown run"):
        open_model("no-such-run")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run with three lite files, of which the gate refused one; a file that is opened gives its name."""
    rows = [{"format": "f32", "file": "a"}, {"format": "f16", "file": "b"}, {"format": "dynamic", "refused": "worse"}]
    made = SimpleNamespace(name="mine", path="runs/mine", config={"app": "translation"}, lite=rows, file=Path)
    monkeypatch.setattr(gristmill.runs, "find_run", Path)
    monkeypatch.setattr(gristmill.runs.Run, "open", lambda path: made)
    monkeypatch.setattr(opened, "_open_file", str)
    return made


def test_a_run_is_opened_by_its_smallest_lite_file(run: Any) -> None:
    assert open_model("mine") == "lite/b"
    assert open_model("mine", "f32") == "lite/a"
    with pytest.raises(InputError, match=r"--lite dynamic\. Received: f32, f16"):
        open_model("mine", "dynamic")
    run.lite = []
    with pytest.raises(InputError, match=r"gristmill export runs/mine --lite auto\. Received: none"):
        open_model("mine")
    run.config = {"app": "recommend"}
    with pytest.raises(InputError, match=r"must be a run of translation\. Received: mine, of recommend"):
        open_model("mine")


def test_a_format_is_one_that_there_is_and_of_a_run() -> None:
    with pytest.raises(InputError, match=r"unknown lite format 'f23'; did you mean 'f32'"):
        open_model("mine", "f23")
    with pytest.raises(InputError, match=r"`--lite` must stand with a run.* Received: f32 with a\.tflite"):
        open_model("a.tflite", "f32")
    with pytest.raises(InputError, match=r"`--dataset` must stand with `--lite none`.* Received: data"):
        open_model("mine", "auto", Path("data"))
