"""Made-up sentence pairs with the lengths of everyday ones, for processes that share them; needs numpy alone."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["LONGEST", "make", "read", "write"]

LONGEST = 30
"""Pieces."""
_MEAN = 10
_FIRST = 4
"""The first piece that means nothing to a network."""

Side = list[NDArray[np.int32]]


def make(count: int, vocabulary: int, seed: int = 0) -> tuple[Side, Side]:
    """So many pairs as piece ids; the target is about as long as its source."""
    random = np.random.default_rng(seed)
    source = random.gamma(4, _MEAN / 4, count)
    sizes = (source, source * random.uniform(0.8, 1.3, count))
    rounded = [np.clip(size.round().astype(int), 1, LONGEST).tolist() for size in sizes]
    first, second = ([random.integers(_FIRST, vocabulary, n).astype(np.int32) for n in side] for side in rounded)
    return first, second


def write(path: Path, pairs: tuple[Side, Side]) -> None:
    """Writes pairs to a file."""
    source, target = pairs
    np.savez(
        path,
        source=np.concatenate(source),
        source_sizes=np.fromiter(map(len, source), np.int64),
        target=np.concatenate(target),
        target_sizes=np.fromiter(map(len, target), np.int64),
    )


def read(path: Path) -> tuple[Side, Side]:
    """What `write` wrote."""
    with np.load(path) as found:
        first, second = (np.split(found[name], np.cumsum(found[f"{name}_sizes"])[:-1]) for name in ("source", "target"))
    return first, second
