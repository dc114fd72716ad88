"""Translates with a lite file, a segment after the other; needs no TensorFlow."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.translation.decoding.engine import request, without_padding
from gristmill.errors import InputError

if TYPE_CHECKING:
    from gristmill.lite import LiteModel

__all__ = ["Hypothesis", "LiteEngine"]

_GREEDY, _BEAM = "translate", "beam"


class Hypothesis(NamedTuple):
    """A translation that beam search found."""

    pieces: list[int]
    score: float
    """Its log probability divided by its length, its end included, to the power that the file was exported with."""


class LiteEngine:
    """An engine over the signatures `translate` (greedy) and `beam` of a lite file.

    Attributes:
        source_pieces: Most pieces of a segment, without its end.
        beam: Hypotheses that its beam search keeps; 1 where the file has none.
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
        self.beam = model.signatures[_BEAM].outputs["pieces"].shape[1] if _BEAM in model.signatures else 1

    def translate(self, sources: Sequence[Sequence[int]], beam: int) -> list[list[int]]:
        """Translates segments, each for itself.

        Args:
            sources: Piece ids of each segment, at most `source_pieces`.
            beam: 1 for greedy search, else the width that the file was exported with.

        Raises:
            InputError: A segment is too long, or the file has no such beam.
        """
        if beam not in {1, self.beam}:
            raise InputError(
                f"`beam` must be 1 or {self.beam}, with which {self._model.path.name} was exported. Received: {beam}"
            )
        return [self._one(source, beam) for source in sources]

    def hypotheses(self, source: Sequence[int]) -> list[Hypothesis]:
        """All that beam search keeps in the end for a segment, the best first.

        Raises:
            InputError: The segment is too long, or the file has no signature `beam`.
        """
        found = self._model(_BEAM, **self._request(source))
        rows = zip(found["pieces"][0], found["scores"][0], strict=True)
        return [Hypothesis(without_padding(pieces), float(score)) for pieces, score in rows]

    def _one(self, source: Sequence[int], beam: int) -> list[int]:
        if beam == 1:
            return without_padding(self._model(_GREEDY, **self._request(source))["pieces"][0])
        return without_padding(self._model(_BEAM, **self._request(source))["pieces"][0, 0])

    def _request(self, source: Sequence[int]) -> dict[str, NDArray[np.int32]]:
        if len(source) > self.source_pieces:
            raise InputError(f"a segment must have at most {self.source_pieces} pieces. Received: {len(source)}")
        return request(source, self.source_pieces + 1)
