"""Translates with a lite file, a segment after the other; needs no TensorFlow."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.translation.pieces import END, PAD
from apps.translation.text.engine import padded_length
from gristmill.errors import InputError

if TYPE_CHECKING:
    from gristmill.lite import LiteModel

__all__ = ["LiteEngine"]

_GREEDY, _BEAM = "translate", "beam"


class LiteEngine:
    """An engine over the signatures `translate` (greedy) and `beam` of a lite file.

    Attributes:
        source_pieces: Most pieces of a segment, without its end.
    """

    def __init__(self, model: "LiteModel") -> None:
        """Looks at what the file takes.

        Raises:
            InputError: It has no signature `translate` with the input `source` `[1, pieces]`.
        """
        kinds = model.signatures[_GREEDY].inputs if _GREEDY in model.signatures else {}
        if set(kinds) != {"source", "limit"} or len(kinds["source"].shape) != 2:
            raise InputError(
                f"{model.path.name} must have the signature {_GREEDY!r} with the inputs source and limit. "
                f"Received: {', '.join(model.signatures)}"
            )
        self._model = model
        self.source_pieces = int(kinds["source"].shape[1]) - 1

    def translate(self, sources: Sequence[Sequence[int]], beam: int) -> list[list[int]]:
        """Translates segments, each for itself.

        Args:
            sources: Piece ids of each segment, at most `source_pieces`.
            beam: 1 for greedy search, else the width that the file was exported with.

        Raises:
            InputError: A segment is too long, or the file has no such beam.
        """
        return [self._one(source, beam) for source in sources]

    def _one(self, source: Sequence[int], beam: int) -> list[int]:
        if len(source) > self.source_pieces:
            raise InputError(f"a segment must have at most {self.source_pieces} pieces. Received: {len(source)}")
        filled = np.full((1, self.source_pieces + 1), PAD, np.int32)
        filled[0, : len(source) + 1] = [*source, END]
        limit = np.array([3 * padded_length(source) + 8], np.int32)  # as `ModelEngine`: one that goes in circles stops
        if beam == 1:
            return _pieces(self._model(_GREEDY, source=filled, limit=limit)["pieces"][0])
        found = self._model(_BEAM, source=filled, limit=limit)["pieces"][0]
        if len(found) != beam:
            raise InputError(
                f"`beam` must be 1 or {len(found)}, with which {self._model.path.name} was exported. Received: {beam}"
            )
        return _pieces(found[0])


def _pieces(row: Any) -> list[int]:
    return [int(piece) for piece in row if piece != PAD]
