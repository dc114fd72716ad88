"""What the steps leave in folders: figures for TensorBoard, and every operation for the TensorFlow debugger."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf

from gristmill.eager.record import StepRecord
from gristmill.training.tensorboard import write_scalar

__all__ = ["Board", "dumped"]


class Board:
    """Writes each step's `loss`, `gradient_norm` and `gradient_norm/VARIABLE`.

    Args:
        folder: Where the event file goes; None writes nothing.
    """

    def __init__(self, folder: Path | str | None) -> None:
        self._writer = tf.summary.create_file_writer(str(folder)) if folder is not None else None

    def write(self, step: StepRecord) -> None:
        """Writes one step, at its number."""
        if self._writer is None:
            return
        named = {f"gradient_norm/{name}": norm for name, norm in step.gradient_norms.items()}
        with self._writer.as_default(step.number):
            for name, value in {"loss": step.loss, "gradient_norm": step.global_norm, **named}.items():
                write_scalar(name, value)
        self._writer.flush()

    def close(self) -> None:
        """Closes the file."""
        if self._writer is not None:
            self._writer.close()


@contextmanager
def dumped(folder: Path | str | None) -> Iterator[None]:
    """While the body runs, every operation and the health of what it gives go to `folder`, as tfdbg version 2 reads them."""
    if folder is None:
        yield
        return
    tf.debugging.experimental.enable_dump_debug_info(
        str(folder), tensor_debug_mode="FULL_HEALTH", circular_buffer_size=-1
    )
    try:
        yield
    finally:
        tf.debugging.experimental.disable_dump_debug_info()
