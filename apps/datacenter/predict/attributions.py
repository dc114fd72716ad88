"""What a prediction rests on: how much each sensor and set-point moved it away from what is usual."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from apps.datacenter.predict.model import OUTPUTS, Predictor
from gristmill.errors import InputError, unknown_name

__all__ = ["attributions"]

_TIME = "time"


def attributions(
    model: Predictor,
    window: Mapping[str, NDArray[np.float32]],
    usual: Mapping[str, NDArray[np.float32]],
    output: str = "pue",
    *,
    samples: int = 32,
    seed: int = 0,
) -> pa.Table:
    """Shapley values of sensors, set-points and the time, by sampled orders, of the last lead's middle.

    In each order the parts of a usual window are replaced one by one by those of the window, and each is given the change
    that it made; so the contributions add up to the prediction less the usual one.

    Source: Castro et al. 2009, https://doi.org/10.1016/j.cor.2008.04.004.

    Args:
        model: See `load_predictor`.
        window: One window, see `Windows.inputs`, each array with a batch of 1.
        usual: Windows to compare with, such as some of the training split; one is drawn for each order.
        output: `pue` or `power_kw`.
        samples: Orders.
        seed: Of the orders and the usual windows.

    Returns:
        `column` and `contribution` in the output's unit, the greatest first; the table's metadata has `prediction` and
        `usual`.

    Raises:
        InputError: The output is not known, or there are no usual windows.
    """
    if output not in OUTPUTS:
        raise unknown_name("output", output, OUTPUTS)
    if not len(usual["past"]):
        raise InputError("usual must hold at least one window. Received: none")
    names = [*model.layout.columns, _TIME]
    generator = np.random.default_rng(seed)
    orders = np.stack([generator.permutation(len(names)) for _ in range(samples)])
    drawn = generator.integers(len(usual["past"]), size=samples)
    # replaced[s, n, c]: whether part c is the window's own after n replacements in order s
    rank = np.argsort(orders, axis=1)
    replaced = rank[:, None, :] < np.arange(len(names) + 1)[None, :, None]
    rows = {name: np.repeat(array[drawn], len(names) + 1, axis=0) for name, array in usual.items()}
    mixed = _mixed(model, rows, window, replaced.reshape(-1, len(names)))
    found = model(mixed)[output].numpy()[:, -1, 1].reshape(samples, -1).astype(np.float64)
    steps = np.diff(found, axis=1)  # [order, place in it]
    contribution = np.take_along_axis(steps, rank, axis=1).mean(axis=0)
    best = np.argsort(-np.abs(contribution), kind="stable")
    about = {"prediction": str(found[0, -1]), "usual": str(found[:, 0].mean())}
    table = pa.table({"column": [names[place] for place in best], "contribution": contribution[best]})
    return table.replace_schema_metadata(about)


def _mixed(
    model: Predictor,
    rows: Mapping[str, NDArray[np.float32]],
    window: Mapping[str, NDArray[np.float32]],
    replaced: NDArray[np.bool_],
) -> dict[str, NDArray[np.float32]]:
    """Usual windows, in which some parts are those of the window."""
    columns, measured = len(model.layout.columns), len(model.layout.sensors)
    own = {"past": replaced[:, None, :columns], "planned": replaced[:, None, measured:columns]}
    own["calendar"] = replaced[:, columns:]
    return {name: np.where(own[name], window[name], array) for name, array in rows.items()}
