"""Scalars in event files, as TensorBoard and the hooks of early stopping read them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gristmill.estimator.hooks import event_writer, scalars
from gristmill.estimator.variables import GLOBAL_STEP

__all__ = ["write_evaluation"]


def write_evaluation(folder: str, metrics: Mapping[str, Any]) -> None:
    """Adds the numbers among the metrics of an evaluation to the events of a folder, at their `global_step`."""
    values = {
        name: float(value)
        for name, value in metrics.items()
        if name != GLOBAL_STEP and np.ndim(value) == 0 and np.issubdtype(np.asarray(value).dtype, np.number)
    }
    event_writer(folder).add_summary(scalars(values), int(metrics[GLOBAL_STEP]))
