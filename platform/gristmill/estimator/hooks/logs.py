"""Logs the values of tensors while a model runs."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.hooks.base import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from gristmill.estimator.hooks.timer import SecondOrStepTimer

__all__ = ["LoggingTensorHook"]

logger = logging.getLogger("gristmill")


class LoggingTensorHook(SessionRunHook):
    """Logs values at the first run and then every N runs or seconds, such as `loss = 0.5, step = 100 (0.123 sec)`.

    With `every_n_iter=3`, of ten runs the first, fourth, seventh and tenth are logged, as tf.estimator 2.15 did. The
    lines go to the logger "gristmill" at level INFO.

    Args:
        tensors: Fetches by the tags under which they are logged, in the order of the tags; or a list of fetches, whose
            names are the tags.
        every_n_iter: Runs between two lines.
        every_n_secs: Seconds between two lines; exactly one of the two is given, unless only `at_end` is wanted.
        at_end: Whether to log once more after the last run.
        formatter: Makes the line from the values by tag.
    """

    def __init__(
        self,
        tensors: Mapping[str, Any] | Iterable[Any],
        every_n_iter: int | None = None,
        every_n_secs: float | None = None,
        at_end: bool = False,
        formatter: Callable[[dict[str, Any]], str] | None = None,
    ) -> None:
        only_at_end = at_end and every_n_iter is None and every_n_secs is None
        if not only_at_end and (every_n_iter is None) == (every_n_secs is None):
            raise ArgumentError(
                "Exactly one of `every_n_iter` and `every_n_secs` must be given, or `at_end` alone. "
                f"Received: every_n_iter={every_n_iter}, every_n_secs={every_n_secs}"
            )
        if every_n_iter is not None and every_n_iter <= 0:
            raise ArgumentError(f"`every_n_iter` must be a positive integer. Received: every_n_iter={every_n_iter}")
        self._fetches = (
            {tag: tensors[tag] for tag in sorted(tensors)}
            if isinstance(tensors, Mapping)
            else {getattr(item, "name", item): item for item in tensors}
        )
        self._formatter = formatter
        self._timer = None if only_at_end else SecondOrStepTimer(every_secs=every_n_secs, every_steps=every_n_iter)
        self._at_end = at_end
        self._triggered = False
        self._iteration = 0

    def begin(self) -> None:
        """Counts from zero."""
        self._iteration = 0
        if self._timer is not None:
            self._timer.reset()

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Asks for the values where the coming run is to be logged."""
        self._triggered = self._timer is not None and self._timer.should_trigger_for_step(self._iteration)
        return SessionRunArgs(self._fetches) if self._triggered else None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Logs them."""
        if self._triggered:
            self._log(run_values.results)
        self._iteration += run_context.steps

    def end(self, session: Any) -> None:
        """Logs once more where that is wanted."""
        if self._at_end:
            self._log(session.run(self._fetches))

    def next_step(self, step: int) -> int | None:
        """The step before the next one to log."""
        if self._timer is None:
            return None
        return step + max(1, self._timer.next_trigger(self._iteration) - self._iteration)

    def _log(self, values: dict[str, Any]) -> None:
        seconds = None if self._timer is None else self._timer.update_last_triggered_step(self._iteration)[0]
        with np.printoptions(suppress=True):
            if self._formatter is not None:
                line = self._formatter(values)
            else:
                line = ", ".join(f"{tag} = {value}" for tag, value in values.items())
                line += "" if seconds is None else f" ({seconds:.3f} sec)"
        logger.info("%s", line)
