"""The vocabulary of a trained model: SentencePiece, read from the bytes that travel with the model."""

from collections.abc import Sequence
from typing import Any

from gristmill.errors import IntegrityError

__all__ = ["SentencePieces"]


class SentencePieces:
    """Pieces of a SentencePiece model; an engine's `Vocabulary`."""

    def __init__(self, model: bytes) -> None:
        """Reads the model.

        Raises:
            IntegrityError: The bytes are no SentencePiece model.
        """
        from sentencepiece import SentencePieceProcessor

        try:
            self._processor: Any = SentencePieceProcessor(model_proto=model)
        except RuntimeError as error:
            raise IntegrityError(f"the vocabulary is no SentencePiece model: {error}") from error

    def __len__(self) -> int:
        return int(self._processor.get_piece_size())

    def encode(self, text: str) -> list[int]:
        """Ids of the text's pieces, without begin and end."""
        return list(self._processor.encode(text))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of these pieces; a byte that belongs to no character becomes U+FFFD."""
        return str(self._processor.decode(list(map(int, ids))))

    def spell(self, ids: Sequence[int]) -> list[str]:
        """How each piece is written; "▁" stands for the space before a word."""
        return [str(self._processor.id_to_piece(int(piece))) for piece in ids]

    def is_byte(self, piece: int) -> bool:
        """Whether a piece is one byte of a character that has no piece of its own."""
        return bool(self._processor.is_byte(piece))
