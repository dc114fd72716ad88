"""Translates piece ids with a model in memory, many sentences at a time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from apps.translation.config import DecodingConfig
from apps.translation.pieces import END, PAD
from apps.translation.text.engine import padded_length
from gristmill.errors import InputError

if TYPE_CHECKING:
    from apps.translation.model.transformer import Transformer

__all__ = ["ModelEngine", "request", "without_padding"]


class ModelEngine:
    """A model in memory, sentences of about the same length together.

    Args:
        model: The network.
        config: How translations are found.
        rows: Sentences of a batch; a batch with fewer is filled up, so that its shape is always the same.

    Attributes:
        source_pieces: Most pieces of a source, without its end.
    """

    def __init__(self, model: "Transformer", config: DecodingConfig, rows: int = 32) -> None:
        self._model, self._config, self._rows = model, config, rows
        self._graphs: dict[int, Any] = {}
        self.source_pieces = config.source_pieces - 1

    def translate(self, sources: Sequence[Sequence[int]], beam: int) -> list[list[int]]:
        """The translation of each source.

        Raises:
            InputError: `beam` is not positive, or a source is too long.
        """
        if beam < 1:
            raise InputError(f"`beam` must be at least 1. Received: {beam}")
        by_size: dict[int, list[int]] = {}
        for number, source in enumerate(sources):
            self._check(source)
            by_size.setdefault(padded_length(source), []).append(number)
        found: dict[int, list[int]] = {}
        for size, numbers in by_size.items():
            for start in range(0, len(numbers), self._rows):
                chosen = numbers[start : start + self._rows]
                pieces = self._batch([sources[number] for number in chosen], size, beam)
                found |= {number: without_padding(row) for number, row in zip(chosen, pieces, strict=False)}
        return [found[number] for number in range(len(sources))]

    def _batch(self, sources: Sequence[Sequence[int]], size: int, beam: int) -> NDArray[np.int32]:
        given = np.full((self._rows, size), PAD, np.int32)
        given[:, 0] = END
        for row, source in zip(given, sources, strict=False):
            row[: len(source) + 1] = [*source, END]
        if beam not in self._graphs:
            self._graphs[beam] = self._graph(beam)
        found: NDArray[np.int32] = self._graphs[beam](given, _limit(size)).numpy()
        return found

    def _check(self, source: Sequence[int]) -> None:
        if len(source) > self.source_pieces:
            raise InputError(f"a source must have at most {self.source_pieces} pieces. Received: {len(source)}")

    def _graph(self, beam: int) -> Any:
        import tensorflow as tf

        from apps.translation.decoding.beam import beam_search
        from apps.translation.decoding.greedy import greedy

        model, config = self._model, self._config

        def run(source: Any, limit: Any) -> Any:
            most = tf.minimum(limit, config.target_pieces)
            if beam == 1:
                return greedy(model, source, most, None).pieces[:, 0]
            return beam_search(model, source, most, None, beam, config.length_power).pieces[:, 0]

        kinds = [tf.TensorSpec((self._rows, None), tf.int32), tf.TensorSpec((), tf.int32)]
        return tf.function(run, input_signature=kinds)


def request(source: Sequence[int], places: int) -> dict[str, NDArray[np.int32]]:
    """A source of fewer than so many pieces, as the signatures `translate` and `beam` take it."""
    given = np.full((1, places), PAD, np.int32)
    given[0, : len(source) + 1] = [*source, END]
    return {"source": given, "limit": np.array([_limit(padded_length(source))], np.int32)}


def without_padding(pieces: NDArray[np.int32]) -> list[int]:
    """The pieces of a translation."""
    return [int(piece) for piece in pieces if piece != PAD]


def _limit(size: int) -> int:
    """Most pieces of the translation of a source of so many places; a model that goes in circles stops there."""
    return 3 * size + 16
