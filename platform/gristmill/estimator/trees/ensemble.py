"""Boosted trees as plain arrays: LightGBM's text turned into nodes that any program with gathers can walk.

Source: Ke et al. 2017, https://lightgbm.readthedocs.io
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ensemble", "empty", "parsed"]

_DEFAULT_LEFT = 2
_MISSING = 12
_MISSING_IS_NAN = 8
"""Bits of a node's `decision_type`: where what is missing goes, and what counts as missing."""
_ZERO, _MOST = np.float32(1e-35), np.finfo(np.float32).max


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The nodes of all trees, one tree after the other, each node's two children side by side.

    A leaf is its own child, and its threshold is so great that there is no way past it:

        node          0      1     2      3      4
        left          1      1     3      3      4
        threshold   0.5   most  -1.5   most   most
        value         0   0.25     0   -0.5   0.75
    """

    feature: NDArray[np.int32]
    """`[nodes]`: the input that is compared, in two copies of all inputs: NaN is the least number in the first, and more
    than any in the second."""
    threshold: NDArray[np.float32]
    """`[nodes]`: an input goes left that is not more; finite."""
    left: NDArray[np.int32]
    """`[nodes]`: the left child; the right one is the next node."""
    value: NDArray[np.float32]
    """`[nodes]`: what a leaf adds; 0 elsewhere."""
    roots: NDArray[np.int32]
    """`[trees]`: the first nodes; tree i adds to the logit i modulo the number of logits."""

    @property
    def depth(self) -> int:
        """Comparisons on the longest way from a root to a leaf."""
        depth, nodes = 0, self.roots
        while (nodes := nodes[self.left[nodes] != nodes]).size:
            depth, nodes = depth + 1, np.concatenate([self.left[nodes], self.left[nodes] + 1])
        return depth


def empty(units: int) -> Ensemble:
    """Trees that say 0 for each of the logits."""
    alone, zeros = np.arange(units, dtype=np.int32), np.zeros(units, np.float32)
    return Ensemble(np.zeros(units, np.int32), zeros + _MOST, alone, zeros, alone)


def parsed(text: str) -> Ensemble:
    """The trees of a model of LightGBM, with numeric splits only.

    Args:
        text: What `lightgbm.Booster.model_to_string` gives.
    """
    head, *blocks = text.partition("end of trees")[0].split("\nTree=")
    width = int(dict(_fields(head))["max_feature_idx"]) + 1
    trees, start = [], 0
    for block in blocks:
        trees.append(_tree(dict(_fields(block)), start, width))
        start += len(trees[-1].left)
    joined = {field.name: np.concatenate([getattr(tree, field.name) for tree in trees]) for field in fields(Ensemble)}
    return Ensemble(**joined)


def _fields(block: str) -> Iterator[tuple[str, str]]:
    for line in block.splitlines():
        name, there, value = line.partition("=")
        if there:
            yield name, value


def _tree(given: dict[str, str], start: int, width: int) -> Ensemble:
    """One tree, whose first node has the number `start`."""
    values, thresholds = _numbers(given, "leaf_value"), _numbers(given, "threshold")
    inner = np.arange(len(thresholds), dtype=np.int32)
    place = _places(given, len(inner), len(values))
    decisions = _numbers(given, "decision_type").astype(np.int32)
    nan_left = np.where(decisions & _MISSING == _MISSING_IS_NAN, decisions & _DEFAULT_LEFT > 0, thresholds >= 0)
    feature, threshold = np.zeros(len(place), np.int32), np.full(len(place), _MOST)
    left, value = start + np.arange(len(place), dtype=np.int32), np.zeros(len(place), np.float32)
    feature[place[inner]] = _numbers(given, "split_feature") + np.where(nan_left, 0, width)
    threshold[place[inner]] = _rounded_down(thresholds)
    left[place[inner]] = start + 1 + 2 * inner
    value[place[len(inner) :]] = values
    return Ensemble(feature, threshold, left, value, np.array([start], np.int32))


def _places(given: dict[str, str], inner: int, leaves: int) -> NDArray[np.int64]:
    """Where the inner nodes, and after them the leaves, come to stand: the children of inner node i at 1 + 2 i."""
    place = np.zeros(inner + leaves, np.int64)
    for side, name in enumerate(("left_child", "right_child")):
        children = _numbers(given, name).astype(np.int64)  # leaf i is -1 - i
        place[np.where(children < 0, inner - 1 - children, children)] = 1 + side + 2 * np.arange(inner)
    return place


def _numbers(given: dict[str, str], name: str) -> NDArray[Any]:
    return np.array(given.get(name, "").split(), np.float64)


def _rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest finite float32 that is not more: a finite float32 is below it just when it is below the float64.

    LightGBM takes an input of at most 1e-35 for 0, so that a threshold in there is put to the end on its side of 0.
    """
    nearest = np.clip(thresholds, -_MOST, _MOST).astype(np.float32)
    down = np.where(nearest > thresholds, np.nextafter(nearest, -_MOST), nearest)
    at_zero = np.where(down < 0, np.nextafter(-_ZERO, -_MOST), _ZERO)
    return np.where(np.abs(down) <= _ZERO, at_zero, down).astype(np.float32)
