"""Writes event files, which TensorBoard shows: one open file per folder, shared by all hooks."""

import itertools
import os
import socket
import time
import weakref
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import KindError

__all__ = ["EventWriter", "event_writer", "scalars", "writer_for"]

_numbers = itertools.count()


def scalars(values: Mapping[str, Any]) -> Any:
    """A `Summary` of plain numbers by their tags."""
    summary = tf.compat.v1.Summary()
    for tag, value in values.items():
        summary.value.add(tag=tag, simple_value=float(value))
    return summary


class EventWriter:
    """An event file `events.out.tfevents...` in a folder, in the layout that tf.estimator wrote.

    Every event is on the disk when the method returns.

    Args:
        directory: The folder; made if it is missing.
    """

    def __init__(self, directory: str) -> None:
        tf.io.gfile.makedirs(directory)
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.{next(_numbers)}"
        self._file = tf.io.TFRecordWriter(os.path.join(directory, name))
        self._write(file_version="brain.Event:2")

    def add_summary(self, summary: Any, global_step: int) -> None:
        """Writes a `Summary`, as an object or serialized."""
        if isinstance(summary, bytes):
            summary = tf.compat.v1.Summary.FromString(summary)
        self._write(step=global_step, summary=summary)

    def add_session_log(self, session_log: Any, global_step: int) -> None:
        """Writes a `SessionLog`: the start of a training, or a checkpoint."""
        self._write(step=global_step, session_log=session_log)

    def add_graph(self, graph: Any) -> None:
        """Writes a `tf.Graph`."""
        self._write(graph_def=graph.as_graph_def(add_shapes=True).SerializeToString())

    def flush(self) -> None:
        """Does nothing: every event is written at once."""

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _write(self, step: int = 0, **what: Any) -> None:
        event = tf.compat.v1.Event(wall_time=time.time(), step=int(step), **what)
        self._file.write(event.SerializeToString())
        self._file.flush()


_open: "weakref.WeakValueDictionary[str, EventWriter]" = weakref.WeakValueDictionary()


def event_writer(directory: str | os.PathLike[str]) -> EventWriter:
    """The writer of a folder: the one that somebody still holds, or a new one."""
    folder = os.fspath(directory)
    writer = _open.get(folder)
    if writer is None:
        writer = _open[folder] = EventWriter(folder)
    return writer


class _SummaryWriter:
    """A `tf.summary.SummaryWriter` with the methods of an `EventWriter`."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def add_summary(self, summary: Any, global_step: int) -> None:
        serialized = summary if isinstance(summary, bytes) else summary.SerializeToString()
        with tf.init_scope(), self._writer.as_default():
            tf.summary.experimental.write_raw_pb(serialized, step=global_step)

    def add_session_log(self, session_log: Any, global_step: int) -> None:
        """Nothing: such a writer has no place for it."""

    def flush(self) -> None:
        with tf.init_scope():
            self._writer.flush()


def writer_for(summary_writer: Any, output_dir: str | os.PathLike[str] | None) -> Any:
    """The given writer, else that of the folder, else None.

    Args:
        summary_writer: A `tf.summary.SummaryWriter`, or an object with `add_summary(summary, global_step)`,
            `add_session_log(session_log, global_step)` and `flush()`.
        output_dir: A folder for an event file.
    """
    if summary_writer is None:
        return event_writer(output_dir) if output_dir else None
    if hasattr(summary_writer, "add_summary"):
        return summary_writer
    if isinstance(summary_writer, tf.summary.SummaryWriter):
        return _SummaryWriter(summary_writer)
    raise KindError(
        "`summary_writer` must be a `tf.summary.SummaryWriter` or have the methods add_summary, add_session_log and "
        f"flush. Received: {summary_writer!r}"
    )
