"""What a session-run hook is, what it asks of a step and what it is given back."""

from typing import Any, NamedTuple

import tensorflow as tf

from gristmill.estimator.errors import KindError

__all__ = ["SessionRunArgs", "SessionRunContext", "SessionRunHook", "SessionRunValues", "check_hooks"]


class SessionRunArgs(NamedTuple):
    """What a hook wants of the coming step.

    Attributes:
        fetches: One fetch or any nesting of dicts, lists, tuples and named tuples of fetches. A fetch is a name
            (`"loss"`, `"global_step"`, the name of a variable or tensor), a tensor, a variable or an op.
        feed_dict: Kept for its name: nothing can be fed, a value here is an error.
        options: Kept for its name: a value here is an error.
    """

    fetches: Any
    feed_dict: Any = None
    options: Any = None


class SessionRunValues(NamedTuple):
    """What a step gave to a hook.

    Attributes:
        results: The values of the fetches, in the structure in which they were asked for: NumPy arrays and scalars,
            `bytes` for strings, None for ops. Variables and the global step are read before the step.
        options: Always None.
        run_metadata: Always None.
    """

    results: Any
    options: Any = None
    run_metadata: Any = None


class SessionRunContext:
    """The run that a hook is called for; one object for all hooks, before the run and after it.

    Args:
        original_args: What the step itself computes, as `SessionRunArgs`.
        session: The session, to evaluate more.

    Attributes:
        steps: How many steps the run made, known in `after_run`. More than one only where no hook fetched anything and
            none had to be called in between.
    """

    def __init__(self, original_args: SessionRunArgs, session: Any) -> None:
        self.original_args = original_args
        self.session = session
        self.steps = 1
        self._stop_requested = False

    @property
    def stop_requested(self) -> bool:
        """Whether some hook asked for the end of the loop."""
        return self._stop_requested

    def request_stop(self) -> None:
        """Asks for the end of the loop once all hooks have been called."""
        self._stop_requested = True


class SessionRunHook:
    """Base of all hooks: each method may be overridden, none has to be.

    Called as: `begin`, `after_create_session`, then around every run `before_run` and `after_run`, then `end`. Where
    the data end inside a run, `after_run` is left out and `end` is called; after any other error neither is.
    `begin`, and `before_run` of your own hooks, see the graph of the model as the default graph, so that tensors can be
    looked up there; only `begin` may add to it.
    """

    def begin(self) -> None:
        """Called once, before anything runs."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Called once the variables have their values.

        Args:
            session: The session; `session.run("global_step")` reads a value.
            coord: Has `request_stop()` and `should_stop()`.
        """

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Says what to compute along with the coming run; None for nothing."""
        return None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Is given what was asked for; may call `run_context.request_stop()`."""

    def end(self, session: Any) -> None:
        """Called once after the last step."""

    def next_step(self, step: int) -> int | None:
        """The step up to which steps may run in one compiled call, without this hook in between.

        Asked after `before_run`. What a hook fetches is given for single steps only: a hook that wants values of the
        step S gives S - 1 here, and asks for them when `before_run` is called next. A class that overrides `before_run`
        or `after_run` and not this method is called around every step, whatever its base says.

        Args:
            step: The global step as it now stands.

        Returns:
            A step greater than `step`, or None: not before the end. As it stands here: the very next step.
        """
        return step + 1


def check_hooks(hooks: Any) -> list[Any]:
    """Lists hooks, or raises `KindError` for what is no `SessionRunHook`; None is no hooks."""
    listed = list(hooks or [])
    for hook in listed:
        if not isinstance(hook, (SessionRunHook, tf.compat.v1.train.SessionRunHook)):
            raise KindError(f"`hooks` must hold `SessionRunHook`s only. Received: {hook!r}")
    return listed
