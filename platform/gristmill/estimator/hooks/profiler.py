"""Traces single steps of a training."""

import logging
from typing import Any

import tensorflow as tf

from gristmill.estimator.hooks.base import SessionRunContext, SessionRunHook, SessionRunValues
from gristmill.estimator.hooks.timer import SecondOrStepTimer

__all__ = ["ProfilerHook"]

logger = logging.getLogger("gristmill")


class ProfilerHook(SessionRunHook):
    """Traces one step every N steps or seconds with `tf.profiler`.

    With `save_steps=5`, a training from step 0 to 10 traces the steps 5 and 10, as tf.estimator 2.15 did; the trace
    goes to `output_dir/plugins/profile`, where TensorBoard's profile page finds it, not to `timeline-N.json`.

    Args:
        save_steps: Steps between traces.
        save_secs: Seconds between traces; exactly one of the two is given.
        output_dir: Folder for the traces.
        show_dataflow: Kept for its name, without effect.
        show_memory: Kept for its name, without effect.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str = "",
        show_dataflow: bool = True,
        show_memory: bool = False,
    ) -> None:
        self._output_dir = output_dir or "."
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._step = 0
        self._tracing = False

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Counts from the step that the training starts from."""
        self._step = int(session.run("global_step"))
        self._timer.update_last_triggered_step(self._step)

    def before_run(self, run_context: SessionRunContext) -> None:
        """Starts the trace where the coming step is to be traced."""
        if self._timer.should_trigger_for_step(self._step + 1):
            tf.profiler.experimental.start(self._output_dir)
            self._tracing = True

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Writes the trace."""
        self._step = int(run_context.session.run("global_step"))
        if self._tracing:
            self._timer.update_last_triggered_step(self._step)
            self._stop()
            logger.info("Saving the trace of step %d into '%s'.", self._step, self._output_dir)

    def end(self, session: Any) -> None:
        """Ends a trace whose step found no data."""
        if self._tracing:
            self._stop()

    def next_step(self, step: int) -> int | None:
        """The step before the next one to trace."""
        return max(step + 1, self._timer.next_trigger(step + 1) - 1)

    def _stop(self) -> None:
        tf.profiler.experimental.stop()
        self._tracing = False
