"""Ends a training at a step, or holds it until a step is reached."""

import logging
import time
from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.hooks.base import SessionRunContext, SessionRunHook, SessionRunValues

__all__ = ["GlobalStepWaiterHook", "StopAtStepHook", "make_stop_at_checkpoint_step_hook"]

logger = logging.getLogger("gristmill")


class StopAtStepHook(SessionRunHook):
    """Ends the training at a step.

    Args:
        num_steps: How many steps to make from where the training starts.
        last_step: The global step at which to end; exactly one of the two is given. At least one step is made.
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None) -> None:
        if (num_steps is None) == (last_step is None):
            raise ArgumentError(
                "Exactly one of `num_steps` and `last_step` must be given. "
                f"Received: num_steps={num_steps}, last_step={last_step}"
            )
        self._num_steps = num_steps
        self._last_step = last_step

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Counts from the step that the training starts from."""
        if self._last_step is None:
            self._last_step = int(session.run("global_step")) + (self._num_steps or 0)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Ends the training where the step is reached."""
        if self._last_step is not None and run_context.session.run("global_step") >= self._last_step:
            run_context.request_stop()

    def next_step(self, step: int) -> int | None:
        """The last step."""
        return max(step + 1, self._last_step or 0)


class GlobalStepWaiterHook(SessionRunHook):
    """Holds the first run until the global step, moved by somebody else, is reached.

    Where nobody else moves it this waits for ever, as it did in tf.estimator.

    Args:
        wait_until_step: The global step to wait for; zero or less waits for nothing.
    """

    def __init__(self, wait_until_step: int) -> None:
        self._wait_until_step = wait_until_step
        self._started = False

    def begin(self) -> None:
        """Waits anew."""
        self._started = self._wait_until_step <= 0

    def before_run(self, run_context: SessionRunContext) -> None:
        """Waits."""
        if not self._started:
            logger.info("Waiting for global step %d before starting training.", self._wait_until_step)
            while run_context.session.run("global_step") < self._wait_until_step:
                time.sleep(0.5)
            self._started = True

    def next_step(self, step: int) -> int | None:
        """Any step once the wait is over."""
        return None if self._started else step + 1


def make_stop_at_checkpoint_step_hook(
    estimator: Any, last_step: int, wait_after_file_check_secs: float = 30
) -> SessionRunHook:
    """Makes a hook that ends the training at a step; on other tasks than the chief once its checkpoint is written.

    Args:
        estimator: The estimator that is trained.
        last_step: The global step at which to end.
        wait_after_file_check_secs: Seconds between two looks for the checkpoint.
    """
    if estimator.config.is_chief:
        return StopAtStepHook(last_step=last_step)
    return _StopAtCheckpointStepHook(estimator.model_dir, last_step, wait_after_file_check_secs)


class _StopAtCheckpointStepHook(SessionRunHook):
    """Ends the training once a checkpoint of a step is there."""

    def __init__(self, model_dir: str, last_step: int, wait_after_file_check_secs: float) -> None:
        self._model_dir = model_dir
        self._last_step = last_step
        self._wait_secs = wait_after_file_check_secs

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        if run_context.session.run("global_step") < self._last_step:
            return
        checkpoint = tf.train.latest_checkpoint(self._model_dir)
        saved = 0 if checkpoint is None else int(tf.train.load_variable(checkpoint, "global_step"))
        if saved >= self._last_step:
            run_context.request_stop()
        else:
            time.sleep(self._wait_secs)

    def next_step(self, step: int) -> int | None:
        return max(step + 1, self._last_step)
