"""Boosted trees as plain arrays: LightGBM's text turned into nodes that any program with gathers can walk.

Source: Ke et al. 2017, https://lightgbm.readthedocs.io
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ensemble", "empty", "parsed"]

_DEFAULT_LEFT = 2
_MISSING = 12
_MISSING_IS_NAN = 8
"""Bits of a node's `decision_type`: where what is missing goes, and what counts as missing."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The nodes of all trees, one tree after the other.

    A leaf's children are the leaf itself, so that to walk on from there does nothing:

        node             0      1      2      3      4
        left, right    1, 2   1, 1   3, 4   3, 3   4, 4
        value            0    0.25     0   -0.5   0.75
    """

    feature: NDArray[np.int32]
    """`[nodes]`: the input that is compared; 0 at a leaf."""
    threshold: NDArray[np.float32]
    """`[nodes]`: an input goes left that is not more."""
    missing_left: NDArray[np.bool_]
    """`[nodes]`: whether NaN goes left."""
    left: NDArray[np.int32]
    """`[nodes]`: a node."""
    right: NDArray[np.int32]
    """`[nodes]`: a node."""
    value: NDArray[np.float32]
    """`[nodes]`: what a leaf adds; 0 elsewhere."""
    roots: NDArray[np.int32]
    """`[trees]`: the first nodes; tree i adds to the logit i modulo the number of logits."""

    @property
    def depth(self) -> int:
        """Comparisons on the longest way from a root to a leaf."""
        depth, nodes = 0, self.roots
        while (nodes := nodes[self.left[nodes] != nodes]).size:
            depth, nodes = depth + 1, np.concatenate([self.left[nodes], self.right[nodes]])
        return depth


def empty(units: int) -> Ensemble:
    """Trees that say 0 for each of the logits."""
    alone, zeros = np.arange(units, dtype=np.int32), np.zeros(units, np.int32)
    return Ensemble(zeros, zeros.astype(np.float32), zeros > 0, alone, alone, zeros.astype(np.float32), alone)


def parsed(text: str) -> Ensemble:
    """The trees of a model of LightGBM, with numeric splits only.

    Args:
        text: What `lightgbm.Booster.model_to_string` gives.
    """
    trees, start = [], 0
    for fields in _trees(text):
        trees.append(_tree(fields, start))
        start += len(trees[-1].left)
    names = list(Ensemble.__dataclass_fields__)
    return Ensemble(**{name: np.concatenate([getattr(tree, name) for tree in trees]) for name in names})


def _trees(text: str) -> Iterator[dict[str, str]]:
    """The fields of each tree."""
    for block in text.partition("end of trees")[0].split("\nTree=")[1:]:
        yield dict(line.split("=", 1) for line in block.splitlines()[1:] if line)


def _tree(fields: dict[str, str], start: int) -> Ensemble:
    """One tree, its inner nodes before its leaves; `start` is the number of its first node."""
    values = _numbers(fields, "leaf_value")
    thresholds = _numbers(fields, "threshold")
    decisions = _numbers(fields, "decision_type").astype(np.int32)
    inner, leaves = len(thresholds), len(values)
    at_leaves = np.arange(inner, inner + leaves, dtype=np.int32)
    left, right = (
        start + np.concatenate([_children(fields, side, inner), at_leaves]).astype(np.int32)
        for side in ("left_child", "right_child")
    )
    nan_left = np.where(decisions & _MISSING == _MISSING_IS_NAN, decisions & _DEFAULT_LEFT > 0, thresholds >= 0)
    return Ensemble(
        _padded(_numbers(fields, "split_feature").astype(np.int32), leaves),
        _padded(_rounded_down(thresholds), leaves),
        _padded(nan_left, leaves),
        left,
        right,
        np.concatenate([np.zeros(inner, np.float32), values.astype(np.float32)]),
        np.array([start], np.int32),
    )


def _numbers(fields: dict[str, str], name: str) -> NDArray[np.float64]:
    return np.array(fields.get(name, "").split(), np.float64)


def _padded(values: NDArray[Any], leaves: int) -> NDArray[Any]:
    return np.concatenate([values, np.zeros(leaves, values.dtype)])


def _children(fields: dict[str, str], side: str, inner: int) -> NDArray[np.int32]:
    """Children by their number in the tree; in the text leaf i stands as -1 - i."""
    children = _numbers(fields, side).astype(np.int32)
    return np.where(children < 0, inner - 1 - children, children)


def _rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 that is not more: a float32 is below it just when it is below the float64."""
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
    return np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest).astype(np.float32)
