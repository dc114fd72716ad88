"""Made-up engines and a vocabulary of words, so that what must come out is known by thought."""

import io
import re
from collections.abc import Callable, Sequence

import pytest

from apps.translation.text.masks import SYMBOLS

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
    import sentencepiece

    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["the dog sees the cat", "el perro ve el gato"] * 20),
        model_writer=out,
        vocab_size=310,
        byte_fallback=True,
        pad_id=0,
        bos_id=1,
        eos_id=2,
        unk_id=3,
        user_defined_symbols=list(SYMBOLS),
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return out.getvalue()
