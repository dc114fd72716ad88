"""Compares the outputs of a lite model with those of its float model."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gristmill.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Difference", "compare", "top_k_agreement"]


@dataclass(frozen=True)
class Difference:
    """How far one output of the candidate is from the reference, over all rows.

    Attributes:
        max_abs: Largest absolute difference; infinite where only one side is finite.
        mean_abs: Mean absolute difference.
        equal: Share of the elements that are exactly equal, 0 to 1; what counts for indices and labels.
    """

    max_abs: float
    mean_abs: float
    equal: float


def compare(
    reference: "Sequence[Mapping[str, NDArray[Any]]]", candidate: "Sequence[Mapping[str, NDArray[Any]]]"
) -> dict[str, Difference]:
    """Compares the outputs of two models on the same rows, output by output.

    Args:
        reference: Per row, the float model's outputs by name.
        candidate: The same from the lite model: same rows, names and shapes.

    Raises:
        InputError: if there is no row, or if number of rows, names or shapes differ.
    """
    if not reference or len(reference) != len(candidate):
        raise InputError(
            "`reference` and `candidate` must hold the same rows, at least one. "
            f"Received: {len(reference)} and {len(candidate)} rows"
        )
    for row, (left, right) in enumerate(zip(reference, candidate, strict=True)):
        shapes = [{name: np.shape(value) for name, value in side.items()} for side in (left, right)]
        if shapes[0] != shapes[1]:
            raise InputError(
                "`reference` and `candidate` must have outputs of the same names and shapes. "
                f"Received in row {row}: {shapes[0]} and {shapes[1]}"
            )
    return {
        name: _difference([row[name] for row in reference], [row[name] for row in candidate]) for name in reference[0]
    }


def _difference(reference: "Sequence[NDArray[Any]]", candidate: "Sequence[NDArray[Any]]") -> Difference:
    left, right = (
        np.concatenate([np.ravel(row) for row in side]).astype(np.float64) for side in (reference, candidate)
    )
    equal = (left == right) | (np.isnan(left) & np.isnan(right))
    with np.errstate(invalid="ignore"):
        distance = np.where(equal, 0.0, np.abs(left - right))
    distance[np.isnan(distance)] = math.inf
    return Difference(float(distance.max()), float(distance.mean()), float(equal.mean()))


def top_k_agreement(reference: "NDArray[Any]", candidate: "NDArray[Any]", k: int = 10) -> float:
    """Share of the reference's first k items that are among the candidate's first k, mean over the rows.

    Args:
        reference: Items of the float model, best first, `[rows, at least k]`.
        candidate: The same from the lite model.

    Raises:
        InputError: if rows differ or if there are fewer than k items.
    """
    shapes = (reference.shape, candidate.shape)
    if any(len(shape) != 2 or not 0 < k <= shape[1] for shape in shapes) or len(reference) != len(candidate):
        raise InputError(
            f"both must be [rows, at least k] with k={k}, and the same rows. "
            f"Received: shapes {shapes[0]} and {shapes[1]}"
        )
    if not len(reference):
        raise InputError("agreement needs at least one row. Received: none")
    shared = [len(set(left[:k]) & set(right[:k])) for left, right in zip(reference, candidate, strict=True)]
    return sum(shared) / (k * len(shared))
