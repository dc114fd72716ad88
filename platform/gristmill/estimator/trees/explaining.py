"""What trees go by: the gain of each column, and what each adds to the logits of an example.

Source: Lundberg et al. 2018, https://arxiv.org/abs/1802.03888
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gristmill.estimator.errors import ArgumentError

__all__ = ["contributions", "importances"]


def importances(text: str, names: Sequence[str], normalize: bool) -> dict[str, float]:
    """The gain of all splits on each column, the greatest first.

    Args:
        text: The model of LightGBM.
        names: The column of each input.
        normalize: Whether they add up to 1.

    Raises:
        ArgumentError: They are to add up to 1, and no tree has a split.
    """
    import lightgbm

    gains = lightgbm.Booster(model_str=text).feature_importance("gain")
    if normalize and not gains.sum():
        raise ArgumentError("trees must have splits for their gains to be normalized. Received: leaves alone")
    if normalize:
        gains = gains / gains.sum()
    return _by_column(gains, names)


def contributions(text: str, names: Sequence[str], inputs: NDArray[np.float32]) -> list[tuple[Any, dict[str, Any]]]:
    """For each example the bias, and what each column adds to it, the greatest first; together they are the logits.

    Args:
        text: The model of LightGBM.
        names: The column of each input.
        inputs: `[batch, width]`.

    Returns:
        Numbers where there is one logit, else arrays `[units]`.
    """
    import lightgbm

    model = lightgbm.Booster(model_str=text)
    found = model.predict(inputs, pred_contrib=True, num_threads=1).reshape(len(inputs), -1, len(names) + 1)
    last = found.swapaxes(1, 2)  # [batch, width + 1, units]
    rows = last[:, :, 0] if last.shape[2] == 1 else last
    return [(row[-1], _by_column(row[:-1], names)) for row in rows]


def _by_column(values: NDArray[Any], names: Sequence[str]) -> dict[str, Any]:
    """The sum over the inputs of each column, the greatest first."""
    sums: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        sums[name] = sums.get(name, 0.0) + value
    return dict(sorted(sums.items(), key=lambda item: -float(np.abs(item[1]).sum())))
