"""Scalars in event files, as TensorBoard and the hooks of early stopping read them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from gristmill.estimator.variables import GLOBAL_STEP

__all__ = ["write_evaluation"]


def write_evaluation(folder: str, metrics: Mapping[str, Any]) -> None:
    """Adds the numbers among the metrics of an evaluation to the events of a folder, at their `global_step`."""
    values = [
        tf.compat.v1.Summary.Value(tag=name, simple_value=float(value))
        for name, value in metrics.items()
        if name != GLOBAL_STEP and np.ndim(value) == 0 and np.issubdtype(np.asarray(value).dtype, np.number)
    ]
    with tf.Graph().as_default():  # the writer of TensorFlow 1 refuses eager mode
        writer = tf.compat.v1.summary.FileWriter(folder)
        writer.add_summary(tf.compat.v1.Summary(value=values), int(metrics[GLOBAL_STEP]))
        writer.close()
