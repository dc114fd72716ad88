"""Tells when N steps or N seconds have passed."""

import time

from gristmill.estimator.errors import ArgumentError

__all__ = ["LONGEST_BLOCK", "SecondOrStepTimer"]

LONGEST_BLOCK = 100
"""The most steps that run in one call."""


class SecondOrStepTimer:
    """Triggers at the first step, and then once every so many seconds or steps.

    Args:
        every_secs: Seconds between triggers.
        every_steps: Steps between triggers; exactly one of the two is given.
    """

    def __init__(self, every_secs: float | None = None, every_steps: int | None = None) -> None:
        if (every_secs is None) == (every_steps is None):
            raise ArgumentError(
                "Exactly one of `every_secs` and `every_steps` must be given. "
                f"Received: every_secs={every_secs}, every_steps={every_steps}"
            )
        self._every_secs = every_secs
        self._every_steps = every_steps
        self.reset()

    def reset(self) -> None:
        """Forgets the last trigger: the next step triggers."""
        self._last_step: int | None = None
        self._last_time: float | None = None

    def should_trigger_for_step(self, step: int) -> bool:
        """Whether the timer triggers at `step`; never twice at one step."""
        if self._last_step is None or self._last_time is None:
            return True
        if step == self._last_step:
            return False
        if self._every_secs is not None:
            return time.time() >= self._last_time + self._every_secs
        return step >= self._last_step + (self._every_steps or 0)

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """Notes a trigger at `step`.

        Returns:
            Seconds and steps since the trigger before; (None, None) at the first.
        """
        now = time.time()
        first = self._last_step is None or self._last_time is None
        elapsed = (None, None) if first else (now - (self._last_time or 0.0), step - (self._last_step or 0))
        self._last_step, self._last_time = step, now
        return elapsed

    def last_triggered_step(self) -> int | None:
        """The step of the last trigger; None before the first."""
        return self._last_step

    def next_trigger(self, step: int) -> int:
        """The first step, from `step` on, at which the timer may trigger.

        Where it counts seconds this is a guess from the pace since the last trigger, at most `LONGEST_BLOCK` steps on.
        """
        if self._last_step is None or self._last_time is None:
            return step
        if self._every_steps is not None:
            return max(step, self._last_step + self._every_steps)
        passed = time.time() - self._last_time
        left = (self._every_secs or 0.0) - passed
        run = step - self._last_step - 1
        if left <= 0 or run <= 0:
            return step
        return step + int(min(LONGEST_BLOCK, left * run / max(passed, 1e-9)))
