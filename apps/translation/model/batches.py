"""Pairs of piece ids packed into rows of a few fixed lengths, so that nothing is wasted on padding and XLA compiles little.

A row holds several pairs one after the other; segments (from 1) tell which piece belongs to which:

    source    the cat sleeps . END   he runs . END   PAD
    segments   1   1    1    1  1    2   2   2  2     0
    places     0   1    2    3  4    0   1   2  3     0

Source: Krell et al. 2021, https://arxiv.org/abs/2107.02027
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.translation.pieces import BEGIN, END
from gristmill.errors import InputError

__all__ = ["Batch", "PackedBatches", "Pairs"]

_OPEN_ROWS = 16
"""Rows into which the next pair may go."""


@dataclass(frozen=True)
class Pairs:
    """Sentence pairs as piece ids, without begin and end."""

    source: Sequence[NDArray[np.int32]]
    target: Sequence[NDArray[np.int32]]

    def __post_init__(self) -> None:
        if len(self.source) != len(self.target):
            raise InputError(
                "`source` and `target` must have the same number of sentences. "
                f"Received: {len(self.source)} and {len(self.target)}"
            )

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.source)


class Batch(NamedTuple):
    """Rows of packed pairs, int32 `[rows, length]` each; what is padded is 0."""

    source: Any
    source_segments: Any
    source_places: Any
    target: Any
    """Begins each sentence with `BEGIN`."""
    target_segments: Any
    target_places: Any
    wanted: Any
    """The piece that comes after each of `target`; each sentence ends with `END`."""


class PackedBatches:
    """Batches of packed pairs, epoch by epoch, each packed anew.

    Args:
        pairs: What to train on.
        lengths: Lengths of the rows, ascending; a pair goes into rows of the least length that takes both its sides with
            their ends.
        pieces: Places in a batch: it has `pieces // length` rows, at least one.
        seed: Of the order.

    Attributes:
        left_out: Pairs that no row takes.
    """

    def __init__(self, pairs: Pairs, lengths: Sequence[int], pieces: int, seed: int) -> None:
        if list(lengths) != sorted(set(lengths)) or lengths[0] < 2:
            raise InputError(f"`lengths` must ascend, from at least 2. Received: {list(lengths)}")
        self._lengths, self._seed = tuple(lengths), seed
        self._rows = {length: max(1, pieces // length) for length in lengths}
        sizes = [np.fromiter(map(len, side), np.int64, len(pairs)) for side in (pairs.source, pairs.target)]
        self._sizes = np.stack(sizes, 1) + 1
        self._starts = np.cumsum(self._sizes, 0) - self._sizes
        self._class = np.searchsorted(np.asarray(lengths), self._sizes.max(1))
        self.left_out = int((self._class == len(lengths)).sum())
        if self.left_out == len(pairs):
            raise InputError(f"a pair must fit into {lengths[-1]} pieces. Received: {len(pairs)} pairs, none that does")
        self._flat = (
            _joined(pairs.source, [], [END]),
            _joined(pairs.target, [BEGIN], []),
            _joined(pairs.target, [], [END]),
        )

    def __call__(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """The batches of an epoch (from 0) from one (from 0) on."""
        plan = self._plan(epoch)
        for length, rows in plan[first:]:
            yield self._batch(length, rows)

    def count(self, epoch: int = 0) -> int:
        """Batches of an epoch."""
        return len(self._plan(epoch))

    def _plan(self, epoch: int) -> list[tuple[int, list[list[int]]]]:
        """Length and rows (pairs by number) of each batch, in random order."""
        random = np.random.default_rng([self._seed, epoch])
        order = random.permutation(len(self._sizes))
        plan = []
        for place, length in enumerate(self._lengths):
            chosen = order[self._class[order] == place]
            rows = _pack(chosen.tolist(), self._sizes, length)
            count = self._rows[length]
            plan += [(length, rows[start : start + count]) for start in range(0, len(rows), count)]
        return [plan[i] for i in random.permutation(len(plan))]

    def _batch(self, length: int, rows: Sequence[Sequence[int]]) -> Batch:
        numbers = np.concatenate([np.asarray(row, np.int64) for row in rows])
        counts = np.array([len(row) for row in rows])
        row_of = np.repeat(np.arange(len(rows)), counts)
        segments = np.arange(len(numbers)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
        made = []
        for side, texts in enumerate(((self._flat[0],), self._flat[1:])):
            sizes = self._sizes[numbers, side]
            places = _ranges(sizes)
            before = np.cumsum(sizes) - sizes
            first_of_row = before[np.cumsum(counts) - counts]
            at = np.repeat(row_of * length + before - first_of_row[row_of], sizes) + places
            read = np.repeat(self._starts[numbers, side], sizes) + places
            for values in (*(text[read] for text in texts), np.repeat(segments, sizes), places):
                whole = np.zeros(self._rows[length] * length, np.int32)
                whole[at] = values
                made.append(whole.reshape(-1, length))
        source, source_segments, source_places, target, wanted, target_segments, target_places = made
        return Batch(source, source_segments, source_places, target, target_segments, target_places, wanted)


def _ranges(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1 ... up to each size, one after the other."""
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _joined(texts: Sequence[NDArray[np.int32]], first: Sequence[int], last: Sequence[int]) -> NDArray[np.int32]:
    """All texts one after the other, each with pieces before and after it."""
    ends = np.asarray(first, np.int32), np.asarray(last, np.int32)
    parts = [part for text in texts for part in (ends[0], text, ends[1])]
    return np.concatenate(parts).astype(np.int32)


def _pack(numbers: Sequence[int], sizes: NDArray[np.int64], length: int) -> list[list[int]]:
    """First fit into a few open rows; the fullest is closed where none takes the next pair."""
    rows: list[list[int]] = []
    open_rows: list[tuple[list[int], list[int]]] = []
    for number in numbers:
        source, target = sizes[number].tolist()
        fitting = (place for place, (_, room) in enumerate(open_rows) if source <= room[0] and target <= room[1])
        place = next(fitting, None)
        if place is None:
            if len(open_rows) == _OPEN_ROWS:
                fullest = min(range(_OPEN_ROWS), key=lambda i: min(open_rows[i][1]))
                rows.append(open_rows.pop(fullest)[0])
            open_rows.append(([], [length, length]))
            place = -1
        row, room = open_rows[place]
        row.append(number)
        room[0] -= source
        room[1] -= target
    return rows + [row for row, _ in open_rows]
