"""What if: PUE and power in the coming hour as a curve over one set-point."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from apps.datacenter.predict.model import OUTPUTS, Predictor
from gristmill.errors import InputError, unknown_name

__all__ = ["what_if"]


def what_if(
    model: Predictor, window: Mapping[str, NDArray[np.float32]], set_point: str, values: Sequence[float]
) -> pa.Table:
    """Predicts the same hour under several values of a set-point, each kept for the whole hour.

    It tells what the model has learned from telemetry: values that were never set are guesses.

    Args:
        model: See `load_predictor`.
        window: One window, see `Windows.inputs`, each array with a batch of 1.
        set_point: Its column.
        values: In its own unit.

    Returns:
        A row a value and lead: `value`, `minutes` (from the last measured step to the end of the predicted one), `pue`,
        `pue_low`, `pue_high`, `power_kw`, `power_kw_low`, `power_kw_high`.

    Raises:
        InputError: The model knows no such set-point, or there are no values.
    """
    layout = model.layout
    if set_point not in layout.set_points:
        raise unknown_name("set-point", set_point, layout.set_points)
    if not len(values):
        raise InputError("values must hold at least one number. Received: none")
    inputs = {name: np.repeat(array, len(values), axis=0) for name, array in window.items()}
    inputs["planned"][:, :, layout.set_points.index(set_point)] = np.asarray(values, np.float32)[:, None]
    found = model(inputs)
    leads = len(layout.leads)
    columns: dict[str, Any] = {
        "value": np.repeat(np.asarray(values, np.float64), leads),
        "minutes": np.tile(np.array(layout.leads) * layout.step_seconds / 60, len(values)),
    }
    for name in OUTPUTS:
        low, middle, high = np.moveaxis(found[name].numpy().reshape(-1, 3).astype(np.float64), 1, 0)
        columns |= {name: middle, f"{name}_low": low, f"{name}_high": high}
    return pa.table(columns)
