"""Evaluates fetches after the last step, and refuses to feed values into a step."""

from collections.abc import Callable
from typing import Any

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.hooks.base import SessionRunArgs, SessionRunContext, SessionRunHook

__all__ = ["FeedFnHook", "FinalOpsHook"]


class FinalOpsHook(SessionRunHook):
    """Evaluates fetches once after the last step.

    Args:
        final_ops: A fetch or any nesting of fetches; None for nothing.
        final_ops_feed_dict: Kept for its name: a value here is an error at the end of the run.
    """

    def __init__(self, final_ops: Any, final_ops_feed_dict: Any = None) -> None:
        self._final_ops = final_ops
        self._feed_dict = final_ops_feed_dict
        self._values: Any = None

    @property
    def final_ops_values(self) -> Any:
        """The values, in the structure of `final_ops`; None before the end."""
        return self._values

    def end(self, session: Any) -> None:
        """Evaluates."""
        if self._feed_dict:
            raise ArgumentError(
                "`final_ops_feed_dict` must be empty: nothing can be fed, what a model reads comes from its `input_fn`. "
                f"Received: {sorted(map(str, self._feed_dict))}"
            )
        if self._final_ops is not None:
            self._values = session.run(self._final_ops)

    def next_step(self, step: int) -> int | None:
        """None: it has to be called at the end only."""
        return None


class FeedFnHook(SessionRunHook):
    """Kept for its name: a step that it would feed raises an error, since data come from the `input_fn`.

    Args:
        feed_fn: Gives the values to feed; it may give none.
    """

    def __init__(self, feed_fn: Callable[[], Any]) -> None:
        self.feed_fn = feed_fn

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Asks for the values of `feed_fn` to be fed."""
        return SessionRunArgs(fetches=None, feed_dict=self.feed_fn())
