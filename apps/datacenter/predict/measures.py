"""How good predictions are: mean absolute errors a step and an hour ahead, and how much the intervals hold and span."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["errors", "intervals"]

_NAMES = (("pue", ""), ("power", "_kw"))
_LEADS = ("step", "hour")


def errors(middle: NDArray[np.float64], truth: NDArray[np.float64]) -> dict[str, float]:
    """Mean absolute errors, `pue_mae_step` and so on, of PUE and of total power in kW.

    Args:
        middle: Predictions `[window, lead, target]`; of a single lead both names are told.
        truth: What came, the same shape.
    """
    return _named("mae", np.abs(middle - truth).mean(axis=0))


def intervals(predicted: NDArray[np.float64], truth: NDArray[np.float64]) -> dict[str, float]:
    """Share of the truth that the intervals hold, and their mean width.

    Args:
        predicted: Low, middle and high `[window, lead, target, 3]`.
        truth: What came `[window, lead, target]`.
    """
    low, high = predicted[..., 0], predicted[..., 2]
    held = ((low <= truth) & (truth <= high)).mean(axis=0)
    return _named("coverage", held, units=False) | _named("width", (high - low).mean(axis=0))


def _named(what: str, figures: Any, units: bool = True) -> dict[str, float]:
    return {
        f"{name}_{what}_{lead}{unit if units else ''}": float(figures[min(row, len(figures) - 1), column])
        for column, (name, unit) in enumerate(_NAMES)
        for row, lead in enumerate(_LEADS)
    }
