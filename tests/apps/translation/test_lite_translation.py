"""The whole way over a real lite file with random weights: nothing is lost, and it says what the model in memory says."""

import json
import random

import keras
import numpy as np
import pytest

from apps.translation.config import DecodingConfig, NetworkConfig
from apps.translation.decoding import ModelEngine
from apps.translation.decoding.signatures import signatures
from apps.translation.model import new_transformer
from apps.translation.opened import ABOUT, VOCABULARY, OpenedModel, open_model
from apps.translation.text import Glossary, Translator
from gristmill.lite import convert, export_saved_model

pytestmark = pytest.mark.slow
DECODING = DecodingConfig(beam=2, source_pieces=24, target_pieces=48)


@pytest.fixture(scope="module")
def engines(pieces: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[OpenedModel, ModelEngine]:
    """A lite file in 32-bit float, opened, and the network that it was made of."""
    from apps.translation.text.pieces import SentencePieces

    keras.utils.set_random_seed(5)
    shape = NetworkConfig(width=16, heads=2, encoder_layers=1, decoder_layers=1, feed_forward=32, distances=4)
    network = new_transformer(len(SentencePieces(pieces)), shape, dropout=0.0)
    generator = np.random.default_rng(1)
    for variable in network.trainable_variables:
        variable.assign(variable.numpy() + generator.normal(scale=0.3, size=variable.shape))
    folder = tmp_path_factory.mktemp("lite")
    saved = export_saved_model(network, signatures(network, DECODING), folder / "saved")
    about = json.dumps({"source_language": "en", "target_language": "es"}).encode()
    path = convert(saved, folder / "model.tflite", "f32", {VOCABULARY: pieces, ABOUT: about})
    return open_model(str(path)), ModelEngine(network, DECODING)


@pytest.mark.parametrize("beam", [1, 2])
def test_the_lite_file_says_what_the_model_says(engines: tuple[OpenedModel, ModelEngine], beam: int) -> None:
    lite, network = engines
    numbers = random.Random(2)
    sources = [[numbers.randrange(14, 60) for _ in range(numbers.randrange(1, 23))] for _ in range(20)]
    assert lite.engine.translate(sources, beam) == network.translate(sources, beam)


def test_nothing_is_lost_on_the_way(engines: tuple[OpenedModel, ModelEngine]) -> None:
    lite, _ = engines
    glossary = Glossary({"cat": "minino"})
    lines = [
        "the dog sees %s",
        "",
        "x" * 10_000,
        "the dog. " * 100 + "😀",
        "שלום",
        "the cat sees https://a.b/?c=1 at 12:30",
    ]
    translator = Translator(lite.engine, lite.vocabulary, glossary=glossary, segment_pieces=lite.segment_pieces)
    found = translator.translate(lines)
    assert len(found) == 6 and found[1] == "" and found[4] == "שלום"
    for line, part in ((0, "%s"), (3, "😀"), (5, "minino"), (5, "https://a.b/?c=1"), (5, "12:30")):
        assert found[line].count(part) == 1
    assert [translator.translate([line])[0] for line in lines] == found
