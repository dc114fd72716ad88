"""What a translator stands on: an engine that turns piece ids into piece ids, and the vocabulary of these pieces."""

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Engine", "Vocabulary", "padded_length"]

_STEP = 8


def padded_length(source: Sequence[int]) -> int:
    """Pieces of a segment with its end, filled up to a multiple of eight.

    A batch has segments of one such length only, so that what fills a segment up never depends on its neighbours, nor do
    the sums over it.
    """
    return -(-(len(source) + 1) // _STEP) * _STEP


class Engine(Protocol):
    """A trained model, as a lite file or as a run."""

    def translate(self, sources: Sequence[Sequence[int]], beam: int) -> list[list[int]]:
        """Translates a batch of segments; the result of one never depends on the others.

        Args:
            sources: Piece ids of each segment, without begin and end; none is empty, all have the same `padded_length`.
            beam: Hypotheses to keep; 1 is greedy search.

        Returns:
            Piece ids of each translation, in the same order, without begin, end and pad.
        """


class Vocabulary(Protocol):
    """The pieces in which an engine reads and writes."""

    def encode(self, text: str) -> list[int]:
        """Ids of the text's pieces, without begin and end."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text of these pieces."""

    def is_byte(self, piece: int) -> bool:
        """Whether a piece is one byte of a character that has no piece of its own."""

    def spell(self, ids: Sequence[int]) -> list[str]:
        """How each piece is written."""
