"""What `train_and_evaluate` is told of training, of evaluation and of export."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.exporters import Exporter
from gristmill.estimator.hooks import CheckpointSaverListener, SessionRunHook

__all__ = ["EvalSpec", "TrainSpec"]


class _TrainFields(NamedTuple):
    input_fn: Callable[..., Any]
    max_steps: int | None
    hooks: tuple[SessionRunHook, ...]
    saving_listeners: tuple[CheckpointSaverListener, ...]


class TrainSpec(_TrainFields):
    """How to train.

    Args:
        input_fn: Gives the batches to train on.
        max_steps: Steps after which training ends, counted from the first of all runs; None trains as long as there are
            batches, and then no export is the final one.
        hooks: Hooks of training, on all workers.
        saving_listeners: Listeners to checkpoints, on the chief.

    Raises:
        ArgumentError: If `max_steps` is not positive.
        KindError: If `input_fn` is not callable, or a hook or a listener is none.
    """

    __slots__ = ()

    def __new__(
        cls,
        input_fn: Callable[..., Any],
        max_steps: int | None = None,
        hooks: Iterable[SessionRunHook] | None = None,
        saving_listeners: Iterable[CheckpointSaverListener] | None = None,
    ) -> "TrainSpec":
        """Checks the arguments."""
        _check_callable(input_fn)
        _check_positive("max_steps", max_steps)
        return super().__new__(
            cls,
            input_fn,
            max_steps,
            _all_of("hooks", hooks, SessionRunHook),
            _all_of("saving_listeners", saving_listeners, CheckpointSaverListener),
        )


class _EvalFields(NamedTuple):
    input_fn: Callable[..., Any]
    steps: int | None
    name: str | None
    hooks: tuple[SessionRunHook, ...]
    exporters: tuple[Exporter, ...]
    start_delay_secs: float
    throttle_secs: float


class EvalSpec(_EvalFields):
    """How to evaluate and export.

    Args:
        input_fn: Gives the batches to evaluate on.
        steps: Batches of each evaluation; None takes all.
        name: Tells evaluations on several sets apart: events are written to `eval_NAME`.
        hooks: Hooks of evaluation.
        exporters: One or more that are asked after each evaluation, each with a name of its own.
        start_delay_secs: Seconds that an evaluator process waits before it begins.
        throttle_secs: Least seconds between the beginnings of two evaluations.

    Raises:
        ArgumentError: If a number is negative, `steps` is not positive, or exporters lack different names.
        KindError: If an argument is of the wrong type.
    """

    __slots__ = ()

    def __new__(
        cls,
        input_fn: Callable[..., Any],
        steps: int | None = 100,
        name: str | None = None,
        hooks: Iterable[SessionRunHook] | None = None,
        exporters: Exporter | Iterable[Exporter] | None = None,
        start_delay_secs: float = 120,
        throttle_secs: float = 600,
    ) -> "EvalSpec":
        """Checks the arguments."""
        _check_callable(input_fn)
        _check_positive("steps", steps)
        if name is not None and not isinstance(name, str):
            raise KindError(f"`name` must be a string. Received: name={name!r}")
        for argument, seconds in (("start_delay_secs", start_delay_secs), ("throttle_secs", throttle_secs)):
            if seconds < 0:
                raise ArgumentError(f"`{argument}` must be 0 or more. Received: {argument}={seconds}")
        return super().__new__(
            cls,
            input_fn,
            steps,
            name,
            _all_of("hooks", hooks, SessionRunHook),
            _exporters(exporters),
            start_delay_secs,
            throttle_secs,
        )


def _check_callable(input_fn: Any) -> None:
    if not callable(input_fn):
        raise KindError(f"`input_fn` must be callable. Received: input_fn={input_fn!r}")


def _check_positive(argument: str, number: int | None) -> None:
    if number is not None and number <= 0:
        raise ArgumentError(f"`{argument}` must be positive. Received: {argument}={number}")


def _all_of(argument: str, values: Any, kind: type) -> tuple[Any, ...]:
    try:
        found = tuple(values or ())
    except TypeError as error:
        raise KindError(f"`{argument}` must be iterable. Received: {argument}={values!r}") from error
    for value in found:
        if not isinstance(value, kind):
            raise KindError(f"`{argument}` must hold {kind.__name__} objects. Received: {value!r}")
    return found


def _exporters(exporters: Any) -> tuple[Exporter, ...]:
    found = _all_of("exporters", [exporters] if isinstance(exporters, Exporter) else exporters, Exporter)
    names = [exporter.name for exporter in found]
    if any(not name or not isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise ArgumentError(f"`exporters` must have different names that are not empty. Received: names={names}")
    return found
