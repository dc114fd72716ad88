"""Made-up engines and a vocabulary of words, so that what must come out is known by thought."""

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from apps.translation.text.masks import SYMBOLS
from apps.translation.vocabulary import learn

if TYPE_CHECKING:
    from apps.translation.decoding import ModelEngine
    from apps.translation.opened import OpenedModel

WORDS = {"the": "el", "dog": "perro", "house": "casa", "red": "rojo", "mr.": "sr.", "see": "vea", "cat": "gato"}
_PIECES = re.compile("|".join(map(re.escape, SYMBOLS)) + r"|\w+|[^\w\s]|\s+")


class Letters:
    """A vocabulary that learns each word as it comes; other scripts than Latin it can only spell in bytes."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.bytes: set[int] = set()
        self.foreign: set[str] = set()

    def encode(self, text: str) -> list[int]:
        found = []
        for piece in _PIECES.findall(text):
            if piece not in self.pieces:
                self.pieces.append(piece)
                if piece not in SYMBOLS and any(map(self._is_foreign, piece)):
                    self.bytes.add(len(self.pieces) - 1)
            found.append(self.pieces.index(piece))
        return found

    def _is_foreign(self, character: str) -> bool:
        return character in self.foreign or "\u0370" <= character <= "\u2000" or character > "\u2fff"

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(self.pieces[piece] for piece in ids)

    def is_byte(self, piece: int) -> bool:
        return piece in self.bytes

    def spell(self, ids: Sequence[int]) -> list[str]:
        return [self.pieces[piece] for piece in ids]


class Words:
    """Translates word by word; `change` may spoil what comes out of a segment."""

    def __init__(self, letters: Letters, change: Callable[[str], str] = str) -> None:
        self.letters, self.change = letters, change
        self.batches: list[list[tuple[int, ...]]] = []

    def translate(self, sources: Sequence[Sequence[int]], beam: int) -> list[list[int]]:
        self.batches.append([tuple(source) for source in sources])
        return [self._one(source) for source in sources]

    def _one(self, source: Sequence[int]) -> list[int]:
        pieces = [self.letters.pieces[piece] for piece in source]
        text = "".join(WORDS.get(piece.lower(), piece) for piece in pieces)
        return self.letters.encode(self.change(text))


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
def words(letters: Letters) -> Callable[..., Words]:
    """`words(change)` makes an engine."""
    return lambda change=str: Words(letters, change)


@pytest.fixture(scope="session")
def pieces() -> bytes:
    """A vocabulary of the letters of a few words, with symbols and bytes."""
    return learn(["the dog sees the cat", "el perro ve el gato"] * 20, 310)


@pytest.fixture(scope="session")
def engines(pieces: bytes, tmp_path_factory: pytest.TempPathFactory) -> "tuple[OpenedModel, ModelEngine]":
    """A lite file with random weights in 32-bit float, opened, and the network that it was made of."""
    import keras
    import numpy as np

    from apps.translation.config import DecodingConfig, NetworkConfig
    from apps.translation.decoding import ModelEngine
    from apps.translation.decoding.signatures import signatures
    from apps.translation.model import new_transformer
    from apps.translation.opened import ABOUT, VOCABULARY, open_model
    from apps.translation.text.pieces import SentencePieces
    from gristmill.lite import convert, export_saved_model

    keras.utils.set_random_seed(5)
    decoding = DecodingConfig(beam=2, source_pieces=24, target_pieces=48)
    shape = NetworkConfig(width=16, heads=2, encoder_layers=1, decoder_layers=1, feed_forward=32, distances=4)
    network = new_transformer(len(SentencePieces(pieces)), shape, dropout=0.0)
    generator = np.random.default_rng(1)
    for variable in network.trainable_variables:
        variable.assign(variable.numpy() + generator.normal(scale=0.3, size=variable.shape))
    folder = tmp_path_factory.mktemp("lite")
    saved = export_saved_model(network, signatures(network, decoding), folder / "saved")
    about = json.dumps({"source_language": "en", "target_language": "es"}).encode()
    path = convert(saved, folder / "model.tflite", "f32", {VOCABULARY: pieces, ABOUT: about})
    return open_model(str(path)), ModelEngine(network, decoding)
