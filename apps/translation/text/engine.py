"""What a translator stands on: an engine that turns piece ids into piece ids, and the vocabulary of these pieces."""

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Engine", "Vocabulary"]


class Engine(Protocol):
    """A trained model, as a lite file or as a run."""

    def translate(self, sources: Sequence[Sequence[int]], beam: int) -> list[list[int]]:
        """Translates a batch of segments; the result of one never depends on the others.

        Args:
            sources: Piece ids of each segment, without begin and end; none is empty.
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
