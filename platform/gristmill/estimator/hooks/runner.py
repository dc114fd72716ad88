"""Calls all hooks around the runs of a model."""

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.hooks.base import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from gristmill.estimator.hooks.fetches import flatten, pack
from gristmill.estimator.hooks.session import Coordinator, HookSession
from gristmill.estimator.hooks.timer import LONGEST_BLOCK

__all__ = ["HookRunner"]


class HookRunner:
    """Drives hooks: `begin()`, `created()`, then around every run `before()` and `after()`, then `end()`.

    A loop, with `step` the global step (or, where that stands still, the runs so far):

        runner.begin()
        runner.created()
        while not runner.stop_requested:
            fetches = runner.before()
            steps = 1 if fetches else runner.most(step)
            values = ...  # run that many steps, and evaluate the fetches where there are some
            runner.after(values, steps)
        runner.end()

    Args:
        hooks: The hooks, in the order in which they are called.
        session: What they see as the session.
        fetches: What the step itself computes, as `run_context.original_args` tells the hooks.
    """

    def __init__(self, hooks: Iterable[Any], session: HookSession, fetches: Any = None) -> None:
        self._hooks = list(hooks)
        self._session = session
        self._coordinator = Coordinator()
        self._args = SessionRunArgs(fetches)
        self._skipping = [_can_skip(hook) for hook in self._hooks]
        self._context = SessionRunContext(self._args, session)
        self._asked: list[tuple[Any, list[int]]] = []
        self._expected: int | None = None
        self._stop = False

    @property
    def stop_requested(self) -> bool:
        """Whether a hook asked for the end of the loop."""
        return self._stop or self._coordinator.should_stop()

    def begin(self) -> None:
        """Calls every hook's `begin`, in the model's graph."""
        with self._graph():
            for hook in self._hooks:
                hook.begin()

    def created(self) -> None:
        """Calls every hook's `after_create_session`."""
        for hook in self._hooks:
            hook.after_create_session(self._session, self._coordinator)

    def before(self) -> list[Any]:
        """Calls every hook's `before_run`.

        Returns:
            What the hooks want of the next step, each fetch once: names, tensors, variables and ops.

        Raises:
            ArgumentError: A hook wants to feed values, or gives run options.
        """
        self._context = SessionRunContext(self._args, self._session)
        wanted: list[Any] = []
        places: dict[Any, int] = {}
        self._asked = []
        for hook, skipping in zip(self._hooks, self._skipping, strict=True):
            fetches = self._ask(hook, skipping)
            leaves = [] if fetches is None else flatten(fetches)
            for leaf in leaves:
                if places.setdefault(_key(leaf), len(wanted)) == len(wanted):
                    wanted.append(leaf)
            self._asked.append((fetches, [places[_key(leaf)] for leaf in leaves]))
        return wanted

    def most(self, step: int) -> int:
        """How many steps may now run in one call where nothing is fetched, from 1 to `LONGEST_BLOCK`.

        Args:
            step: The global step, or the runs so far. Until it is seen to have moved by one a run, this is 1.
        """
        if self._expected != step:
            self._expected = step
            return 1
        due = [
            hook.next_step(step) if skipping else step + 1
            for hook, skipping in zip(self._hooks, self._skipping, strict=True)
        ]
        return max(1, min([step + LONGEST_BLOCK, *(found for found in due if found is not None)]) - step)

    def after(self, values: Sequence[Any], steps: int = 1) -> None:
        """Calls every hook's `after_run`.

        Args:
            values: The values of what `before` returned, in its order.
            steps: How many steps were run.
        """
        self._context.steps = steps
        self._expected = None if self._expected is None else self._expected + steps
        for hook, (fetches, places) in zip(self._hooks, self._asked, strict=True):
            results = None if fetches is None else pack(fetches, [values[place] for place in places])
            hook.after_run(self._context, SessionRunValues(results))
        self._stop = self._stop or self._context.stop_requested

    def end(self) -> None:
        """Calls every hook's `end`."""
        for hook in self._hooks:
            hook.end(self._session)

    def _graph(self) -> Any:
        graph = self._session.graph
        return contextlib.nullcontext() if graph is None else graph.as_default()

    def _ask(self, hook: Any, skipping: bool) -> Any:
        with contextlib.nullcontext() if skipping else self._graph():
            request = hook.before_run(self._context)
        if request is None:
            return None
        if not hasattr(request, "fetches"):
            raise KindError(f"`before_run` of {_name(hook)} must give `SessionRunArgs` or None. Received: {request!r}")
        if request.feed_dict:
            raise ArgumentError(
                f"`feed_dict` must be empty: no value can be fed, data come from the `input_fn`. Received: "
                f"{sorted(map(str, request.feed_dict))} from {_name(hook)}"
            )
        if request.options:
            raise ArgumentError(
                f"`options` must be None: to trace a step use `ProfilerHook`. Received: {request.options} from {_name(hook)}"
            )
        return request.fetches


def _can_skip(hook: Any) -> bool:
    """Whether what `next_step` says holds for the hook's own `before_run` and `after_run`.

    It does not where a subclass, or the object itself, overrides one of these two alone.
    """
    if not isinstance(hook, SessionRunHook) or {"before_run", "after_run"} & vars(hook).keys():
        return False
    kin = type(hook).__mro__

    def place(name: str) -> int:
        return next(number for number, kind in enumerate(kin) if name in vars(kind))

    return kin[place("next_step")] is not SessionRunHook and place("next_step") <= min(
        place("before_run"), place("after_run")
    )


def _key(fetch: Any) -> Any:
    return fetch if isinstance(fetch, str) else id(fetch)


def _name(hook: Any) -> str:
    return type(hook).__name__
