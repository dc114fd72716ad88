"""Training rows out of histories: all users' events in one stream, cut into rows, so that every event is trained on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows", "left_padded", "pack"]


class Rows(NamedTuple):
    """Training rows, int32 `[rows, window]` each."""

    items: NDArray[np.int32]
    """Item of the event."""
    segments: NDArray[np.int32]
    """User of the event, from 1; 0 is a filler."""
    targets: NDArray[np.int32]
    """Item of the user's next event; 0 after the last one."""
    places: NDArray[np.int32]
    """Place of the event in its user's history, from 0."""


def pack(histories: Sequence[NDArray[np.int32]], window: int, multiple: int, random: np.random.Generator) -> Rows:
    """Packs histories into rows.

            user 2   user 0      user 1
        . . a b c d | e f | g h i j k | .      shuffled users, one stream behind a random number of fillers
        [. . a b][c d e f][g h i j][k . . .]   rows of `window`, shuffled in their turn

    Each event stands in one row, behind the events of its user that the row holds; a filler is 0 in all arrays. Cuts fall
    elsewhere in every epoch, so that no event always starts a row.

    Args:
        histories: Items of each user, oldest first.
        window: Events a row.
        multiple: The number of rows is made a multiple of this.
        random: Decides order and fillers.
    """
    order = random.permutation(len(histories))
    lengths = [len(histories[user]) for user in order]
    items = np.concatenate([histories[user] for user in order])
    segments = np.repeat(order + 1, lengths)
    targets = np.append(items[1:], 0)
    targets[np.cumsum(lengths) - 1] = 0
    places = np.concatenate([np.arange(length) for length in lengths])
    rows = -(-(len(items) + window - 1) // (window * multiple)) * multiple
    start = int(random.integers(window))
    shuffled = random.permutation(rows)

    def cut(stream: NDArray[np.integer]) -> NDArray[np.int32]:
        filled = np.zeros(rows * window, np.int32)
        filled[start : start + len(stream)] = stream
        return filled.reshape(rows, window)[shuffled]

    return Rows(cut(items), cut(segments), cut(targets), cut(places))


def left_padded(histories: Sequence[NDArray[np.int32]], window: int) -> NDArray[np.int32]:
    """The last `window` items of each history, zeros in front, int32 `[histories, window]`."""
    made = np.zeros((len(histories), window), np.int32)
    for row, history in enumerate(histories):
        last = history[-window:]
        made[row, window - len(last) :] = last
    return made
