"""Writes summaries and the pace of a training to event files."""

import logging
from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.hooks.base import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from gristmill.estimator.hooks.events import scalars, writer_for
from gristmill.estimator.hooks.timer import SecondOrStepTimer

__all__ = ["StepCounterHook", "SummarySaverHook"]

logger = logging.getLogger("gristmill")


class SummarySaverHook(SessionRunHook):
    """Writes summaries at the first step and then every N steps or seconds.

    With `save_steps=3`, a training from step 0 to 10 writes at 1, 4, 7 and 10, as tf.estimator 2.15 did.

    Args:
        save_steps: Steps between summaries.
        save_secs: Seconds between summaries; exactly one of the two is given.
        output_dir: Folder for the event file, where there is no `summary_writer`.
        summary_writer: Where to write; see `writer_for`. Without it and `output_dir` nothing is written.
        scaffold: Something with a `summary_op`.
        summary_op: A string tensor of serialized `Summary`s or a list of them; or scalar fetches by their tags. At most
            one of `scaffold` and `summary_op` is given; without either, the loss is written as `loss`.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
        scaffold: Any = None,
        summary_op: Any = None,
    ) -> None:
        if scaffold is not None and summary_op is not None:
            raise ArgumentError("At most one of `scaffold` and `summary_op` may be given. Received: both")
        self._summary_op = {"loss": "loss"} if summary_op is None else summary_op
        self._scaffold = scaffold
        self._summary_writer = summary_writer
        self._output_dir = output_dir
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._writer: Any = None
        self._triggered = False
        self._step: int | None = None

    def begin(self) -> None:
        """Opens the event file."""
        self._writer = writer_for(self._summary_writer, self._output_dir)
        self._step = None

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Asks for the summaries where they are to be written."""
        self._triggered = self._step is None or self._timer.should_trigger_for_step(self._step + 1)
        summary_op = self._summary_op if self._scaffold is None else self._scaffold.summary_op
        return SessionRunArgs(summary_op) if self._triggered and summary_op is not None else None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Writes them."""
        step = int(run_context.session.run("global_step"))
        if self._step is None and self._writer is not None:
            log = tf.compat.v1.SessionLog
            self._writer.add_session_log(log(status=log.START), step)
        self._step = step
        if self._triggered:
            self._timer.update_last_triggered_step(step)
            self._write(run_values.results, step)

    def end(self, session: Any) -> None:
        """Lets go of the event file."""
        if self._writer is not None:
            self._writer.flush()
        self._writer = None

    def next_step(self, step: int) -> int | None:
        """The step before the next one to write."""
        return max(step + 1, self._timer.next_trigger(step + 1) - 1)

    def _write(self, summaries: Any, step: int) -> None:
        if self._writer is None or summaries is None:
            return
        if isinstance(summaries, dict):
            summaries = scalars(summaries)
        for summary in summaries if isinstance(summaries, (list, tuple)) else [summaries]:
            self._writer.add_summary(summary, step)


class StepCounterHook(SessionRunHook):
    """Logs and writes how many steps are made in a second, as `global_step/sec`.

    The first number comes N steps or seconds after the first step: with `every_n_steps=4` at the steps 5, 9, and so on.

    Args:
        every_n_steps: Steps between two numbers.
        every_n_secs: Seconds between two numbers; exactly one of the two is given.
        output_dir: Folder for the event file, where there is no `summary_writer`.
        summary_writer: Where to write; see `writer_for`. Without it and `output_dir` the numbers are only logged.
    """

    def __init__(
        self,
        every_n_steps: int | None = 100,
        every_n_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
    ) -> None:
        if (every_n_steps is None) == (every_n_secs is None):
            raise ArgumentError(
                "Exactly one of `every_n_steps` and `every_n_secs` must be given. "
                f"Received: every_n_steps={every_n_steps}, every_n_secs={every_n_secs}"
            )
        self._timer = SecondOrStepTimer(every_secs=every_n_secs, every_steps=every_n_steps)
        self._summary_writer = summary_writer
        self._output_dir = output_dir
        self._writer: Any = None

    def begin(self) -> None:
        """Opens the event file."""
        self._writer = writer_for(self._summary_writer, self._output_dir)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Counts, and tells the pace where it is time."""
        step = int(run_context.session.run("global_step"))
        if not self._timer.should_trigger_for_step(step):
            return
        seconds, steps = self._timer.update_last_triggered_step(step)
        if seconds is None or steps is None:
            return
        pace = steps / max(seconds, 1e-9)
        if self._writer is not None:
            self._writer.add_summary(scalars({"global_step/sec": pace}), step)
        logger.info("global_step/sec: %g", pace)

    def end(self, session: Any) -> None:
        """Lets go of the event file."""
        if self._writer is not None:
            self._writer.flush()
        self._writer = None

    def next_step(self, step: int) -> int | None:
        """The step of the next number."""
        return self._timer.next_trigger(step + 1)
