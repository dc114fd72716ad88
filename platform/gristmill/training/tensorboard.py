"""Losses and metrics as TensorBoard shows them."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import tensorflow as tf

from gristmill.training.observer import Observer

__all__ = ["TensorBoard", "write_scalar"]


class TensorBoard(Observer):
    """Writes the mean loss and the steps a second since the last look, and each epoch's figures, by step.

    Args:
        folder: Where the event files go; `tensorboard --logdir` shows it.
    """

    def __init__(self, folder: Path) -> None:
        self._writer = tf.summary.create_file_writer(str(folder))
        self._time: float | None = None

    def looked(self, step: int, losses: Sequence[float]) -> None:
        """Writes `loss` and `steps_per_second`."""
        now = time.monotonic()
        with self._writer.as_default(step):
            write_scalar("loss", sum(losses) / len(losses))
            if self._time is not None and now > self._time:
                write_scalar("steps_per_second", len(losses) / (now - self._time))
        self._time = now

    def epoch(self, epoch: int, step: int, figures: Mapping[str, float]) -> bool:
        """Writes each figure as `epoch/NAME`."""
        with self._writer.as_default(step):
            for name, value in figures.items():
                write_scalar(f"epoch/{name}", value)
        self._writer.flush()
        return False


def write_scalar(name: str, value: float) -> None:
    """Writes what `tf.summary.scalar` does, which asks for the package tensorboard only to write it."""
    kinds = tf.compat.v1.SummaryMetadata
    metadata = kinds(plugin_data=kinds.PluginData(plugin_name="scalars"))
    metadata.data_class = 1  # DATA_CLASS_SCALAR
    tf.summary.write(name, tf.constant(value, tf.float32), metadata=metadata)
