"""Reads the metrics of evaluations from their event files."""

import itertools
import logging
import os
from collections import OrderedDict
from typing import Any

import tensorflow as tf

__all__ = ["read_eval_metrics"]

logger = logging.getLogger("gristmill")


def read_eval_metrics(eval_dir: str) -> OrderedDict[int, dict[str, float]]:
    """The scalars of all event files of a folder, as {step: {metric: value}} in the order of the steps.

    A missing folder has none. What follows a damaged record of a file is left out, with a warning.
    """
    found: dict[int, dict[str, float]] = {}
    paths = sorted(tf.io.gfile.glob(os.path.join(eval_dir, "events.out.tfevents.*")))
    for event in itertools.chain.from_iterable(map(_events, paths)):
        values = {value.tag: _scalar(value) for value in event.summary.value}
        numbers = {tag: number for tag, number in values.items() if number is not None}
        if numbers:
            found.setdefault(event.step, {}).update(numbers)
    return OrderedDict(sorted(found.items()))


def _events(path: str) -> list[Any]:
    events = []
    try:
        with tf.init_scope():
            for record in tf.data.TFRecordDataset(path):
                events.append(tf.compat.v1.Event.FromString(record.numpy()))
    except tf.errors.DataLossError as error:
        logger.warning("Skipping the rest of the event file %s, which is damaged: %s", path, error)
    return events


def _scalar(value: Any) -> float | None:
    """The number of a summary value of either version of TensorFlow's summaries; None where it is none."""
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return float(value.simple_value)
    if kind == "tensor" and value.metadata.plugin_data.plugin_name == "scalars":
        return float(tf.make_ndarray(value.tensor))
    return None
