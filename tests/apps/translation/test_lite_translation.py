"""The whole way over a real lite file with random weights: nothing is lost, and it says what the model in memory says."""

import random

import pytest

from apps.translation.decoding import ModelEngine
from apps.translation.opened import OpenedModel
from apps.translation.text import Glossary, Translator

pytestmark = pytest.mark.slow


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
