"""In which order the rows of a split are read: by seed and epoch alone, so that any place can be found again.

shards            permuted, and read 16 at a time; each from its start to its end
units             1,024 rows of a shard each; those of the open shards come in a permuted order
windows           some 65,536 rows of this stream, a whole number of batches; rows are permuted within
the last batch    of an epoch, where it is not full, is a window of its own
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Unit", "Window", "Windows", "permutation", "units"]

UNIT_ROWS = 4096
OPEN_SHARDS = 16


@dataclass(frozen=True)
class Unit:
    """Rows of one shard, which follow those of its last unit."""

    shard: int
    start: int
    rows: int


@dataclass(frozen=True)
class Window:
    """Rows that are mixed with each other: some whole batches."""

    start: int
    """First row, counted in the order of the epoch."""
    batches: int
    batch_rows: int

    @property
    def rows(self) -> int:
        """Rows of all its batches."""
        return self.batches * self.batch_rows


@dataclass(frozen=True)
class Windows:
    """How an epoch is cut into windows and batches."""

    records: int
    batch_size: int
    drop_remainder: bool
    window_rows: int

    @property
    def batches(self) -> int:
        """Batches an epoch."""
        return self._full + (self._tail > 0)

    @property
    def count(self) -> int:
        """Windows an epoch."""
        return -(-self._full // self._batches_each) + (self._tail > 0)

    def __getitem__(self, index: int) -> Window:
        """The window of that index."""
        first = index * self._batches_each
        if first >= self._full:
            return Window(self._full * self.batch_size, 1, self._tail)
        return Window(first * self.batch_size, min(self._batches_each, self._full - first), self.batch_size)

    def find(self, batch: int) -> tuple[int, int]:
        """The window that a batch stands in, and its place there."""
        if batch == self._full and self._tail:
            return self.count - 1, 0
        return divmod(batch, self._batches_each)

    @property
    def _full(self) -> int:
        return self.records // self.batch_size

    @property
    def _tail(self) -> int:
        return 0 if self.drop_remainder else self.records % self.batch_size

    @property
    def _batches_each(self) -> int:
        return max(1, self.window_rows // self.batch_size)


def units(records: Sequence[int], seed: int | None, epoch: int, start: int = 0) -> list[Unit]:
    """The units of an epoch from row `start` on; the first may be the rest of one.

    Args:
        records: Rows of each shard.
        seed: None gives the written order.
        epoch: Number of the pass.
        start: Rows of the epoch to leave out.
    """
    places = np.zeros(len(records), np.int64)
    made = []
    for shard in _shards_of_units(records, seed, epoch):
        place, rows = int(places[shard]), min(UNIT_ROWS, int(records[shard] - places[shard]))
        places[shard] += rows
        if start < rows:
            made.append(Unit(int(shard), place + start, rows - start))
        start = max(0, start - rows)
    return made


def permutation(rows: int, seed: int, epoch: int, window: int) -> NDArray[np.int64]:
    """The order of the rows of a window."""
    return np.random.default_rng([seed, epoch, window]).permutation(rows)


def _shards_of_units(records: Sequence[int], seed: int | None, epoch: int) -> NDArray[np.int64]:
    """The shard of each unit."""
    counts = -(-np.asarray(records, np.int64) // UNIT_ROWS)
    if seed is None:
        return np.repeat(np.arange(len(counts)), counts)
    random = np.random.default_rng([seed, epoch])
    shards = random.permutation(len(counts))
    groups = [shards[first : first + OPEN_SHARDS] for first in range(0, len(shards), OPEN_SHARDS)]
    return np.concatenate([random.permutation(np.repeat(group, counts[group])) for group in groups])
