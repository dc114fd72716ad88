"""Looks into a lite file's translation: how sure each piece was, and which pieces of the source it was written from."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from apps.translation.decoding.engine import request
from apps.translation.pieces import BEGIN, END
from gristmill.errors import InputError

if TYPE_CHECKING:
    from gristmill.lite import LiteModel

__all__ = ["Trace", "trace"]

_SIGNATURES = ("encode", "step")


@dataclass(frozen=True, eq=False)
class Trace:
    """A translation, piece by piece."""

    source: tuple[int, ...]
    """Pieces of the source, the last one its end."""
    target: tuple[int, ...]
    """Pieces of the translation, the last one its end; a translation that fills the decoder's places has none."""
    probabilities: NDArray[np.float32]
    """Of each piece of the translation after those before it, `[target]`, from 0 to 1."""
    attention: NDArray[np.float32]
    """How much each piece of the translation was written from each one of the source, `[target, source]`.

    Of the decoder's last layer, a mean over its heads; a row sums to 1.
    """


def trace(model: "LiteModel", source: Sequence[int], target: Sequence[int]) -> Trace:
    """Lets the decoder of a lite file read a translation, whoever made it, by the signatures `encode` and `step`.

    Args:
        model: The lite file.
        source: Piece ids of a segment, without its end.
        target: Piece ids of the translation, without begin and end.

    Raises:
        InputError: The file lacks a signature, or the source or the translation is longer than the file takes.
        WorkError: The file cannot be run.
    """
    missing = [name for name in _SIGNATURES if name not in model.signatures]
    if missing:
        raise InputError(
            f"{model.path.name} must have the signatures encode and step. Received: {', '.join(model.signatures)}"
        )
    places = model.signatures["encode"].inputs["source"].shape[1]
    kinds = model.signatures["step"].inputs
    longest = kinds["keys"].shape[3]
    for name, pieces, most in (("source", source, places - 1), ("target", target, longest)):
        if len(pieces) > most:
            raise InputError(f"`{name}` must have at most {most} pieces. Received: {len(pieces)}")
    written = (*target, END)[:longest]
    read = model("encode", source=request(source, places)["source"])
    cache = {name: np.zeros(kinds[name].shape, np.float32) for name in ("keys", "values")}
    attention, scores = [], []
    for place, (before, piece) in enumerate(pairwise((BEGIN, *written))):
        made = model("step", piece=np.array([before], np.int32), place=np.array([place], np.int32), **cache, **read)
        cache = {name: made[name] for name in cache}
        attention.append(made["attention"][0, : len(source) + 1])
        scores.append(made["scores"][0, piece])
    return Trace((*source, END), written, np.exp(scores, dtype=np.float32), np.stack(attention))
