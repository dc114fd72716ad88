"""Saves checkpoints while a model is trained, and lets listeners act beside it."""

import logging
import os
from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.hooks.base import SessionRunContext, SessionRunHook, SessionRunValues
from gristmill.estimator.hooks.events import EventWriter, event_writer
from gristmill.estimator.hooks.timer import SecondOrStepTimer

__all__ = ["CheckpointSaverHook", "CheckpointSaverListener"]

logger = logging.getLogger("gristmill")


class CheckpointSaverListener:
    """Acts around every checkpoint of a `CheckpointSaverHook`: each method may be overridden."""

    def begin(self) -> None:
        """Called once, before anything runs."""

    def before_save(self, session: Any, global_step_value: int) -> None:
        """Called before a checkpoint is written."""

    def after_save(self, session: Any, global_step_value: int) -> bool | None:
        """Called after a checkpoint is written; True ends the training (not at the checkpoint before the first step)."""

    def end(self, session: Any, global_step_value: int) -> None:
        """Called once after the last checkpoint."""


class CheckpointSaverHook(SessionRunHook):
    """Saves a checkpoint before the first step, then every N steps or seconds, and after the last step.

    With `save_steps=4`, a training from step 0 to 10 saves at 0, 4, 8 and 10, as tf.estimator 2.15 did.

    Args:
        checkpoint_dir: Folder of the checkpoints: the `model_dir` of the estimator.
        save_secs: Seconds between checkpoints.
        save_steps: Steps between checkpoints; exactly one of the two is given.
        saver: Something with `save(session, path, global_step=..., write_meta_graph=...)` to write checkpoints in
            place of the session.
        checkpoint_basename: What the names of the checkpoints start with, before `-STEP`.
        scaffold: Something with a `saver`; not together with `saver`.
        listeners: `CheckpointSaverListener`s to call around every checkpoint.
        save_graph_def: Whether to write the graph as `graph.pbtxt` and for TensorBoard.
    """

    def __init__(
        self,
        checkpoint_dir: str,
        save_secs: float | None = None,
        save_steps: int | None = None,
        saver: Any = None,
        checkpoint_basename: str = "model.ckpt",
        scaffold: Any = None,
        listeners: list[Any] | None = None,
        save_graph_def: bool = True,
    ) -> None:
        if saver is not None and scaffold is not None:
            raise ArgumentError("Only one of `saver` and `scaffold` may be given. Received: both")
        self._saver = saver
        self._scaffold = scaffold
        self._directory = os.fspath(checkpoint_dir)
        self._path = os.path.join(checkpoint_dir, checkpoint_basename)
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._listeners = list(listeners or [])
        self._save_graph_def = save_graph_def
        self._writer: EventWriter | None = None

    def add_listeners(self, listeners: Iterable[Any]) -> None:
        """Adds those listeners that are not there already."""
        self._listeners += [listener for listener in listeners if listener not in self._listeners]

    def begin(self) -> None:
        """Opens the event file."""
        self._writer = event_writer(self._directory)
        for listener in self._listeners:
            listener.begin()

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Saves what the training starts from."""
        step = int(session.run("global_step"))
        if self._save_graph_def and self._writer is not None and session.graph is not None:
            tf.io.write_graph(session.graph.as_graph_def(add_shapes=True), self._directory, "graph.pbtxt")
            self._writer.add_graph(session.graph)
        self._save(session, step)
        self._timer.update_last_triggered_step(step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Saves where it is time."""
        step = int(run_context.session.run("global_step"))
        if self._timer.should_trigger_for_step(step):
            self._timer.update_last_triggered_step(step)
            if self._save(run_context.session, step):
                run_context.request_stop()

    def end(self, session: Any) -> None:
        """Saves the last step, unless it is saved."""
        step = int(session.run("global_step"))
        if step != self._timer.last_triggered_step():
            self._save(session, step)
        for listener in self._listeners:
            listener.end(session, step)
        self._writer = None

    def next_step(self, step: int) -> int | None:
        """The step of the next checkpoint."""
        return self._timer.next_trigger(step + 1)

    def _save(self, session: Any, step: int) -> bool:
        """Saves with the listeners around it; says whether one of them wants to stop."""
        for listener in self._listeners:
            listener.before_save(session, step)
        logger.info("Saving checkpoints for %d into %s.", step, self._path)
        self._write(session, step)
        if self._writer is not None:
            log = tf.compat.v1.SessionLog
            self._writer.add_session_log(log(status=log.CHECKPOINT, checkpoint_path=self._path), step)
        stopping = [listener for listener in self._listeners if listener.after_save(session, step)]
        for listener in stopping:
            logger.info("A CheckpointSaverListener requested that training be stopped. listener: %s", listener)
        return bool(stopping)

    def _write(self, session: Any, step: int) -> None:
        saver = self._saver if self._scaffold is None else self._scaffold.saver
        if saver is not None:
            saver.save(session, self._path, global_step=step, write_meta_graph=self._save_graph_def)
            return
        written = os.path.abspath(session.save(step))
        if written != os.path.abspath(f"{self._path}-{step}"):
            raise ArgumentError(
                "`checkpoint_dir` and `checkpoint_basename` must be those of the estimator, which wrote "
                f"{written!r}. Received: {self._path!r}"
            )
