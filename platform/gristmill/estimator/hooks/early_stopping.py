"""Ends a training by what its evaluations say."""

import logging
import operator
from collections.abc import Callable
from typing import Any

from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.hooks.base import SessionRunContext, SessionRunHook, SessionRunValues
from gristmill.estimator.hooks.eval_rules import crossed, stuck
from gristmill.estimator.hooks.timer import SecondOrStepTimer

__all__ = [
    "make_early_stopping_hook",
    "stop_if_higher_hook",
    "stop_if_lower_hook",
    "stop_if_no_decrease_hook",
    "stop_if_no_increase_hook",
]

logger = logging.getLogger("gristmill")


def make_early_stopping_hook(
    estimator: Any,
    should_stop_fn: Callable[[], bool],
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> SessionRunHook:
    """Makes a hook that ends the training when a function says so.

    Args:
        estimator: The estimator that is trained.
        should_stop_fn: Takes nothing; is called after the first step and then every so many seconds or steps.
        run_every_secs: Seconds between two calls; None where `run_every_steps` is given.
        run_every_steps: Steps between two calls.

    Raises:
        KindError: `estimator` is no estimator, or `should_stop_fn` cannot be called.
        ArgumentError: Not exactly one of `run_every_secs` and `run_every_steps` is given.
    """
    if not all(hasattr(estimator, name) for name in ("config", "eval_dir", "model_dir")):
        raise KindError(f"`estimator` must be an `Estimator`. Received: {estimator!r}")
    if not callable(should_stop_fn):
        raise KindError(f"`should_stop_fn` must be callable. Received: {should_stop_fn!r}")
    timer = SecondOrStepTimer(every_secs=run_every_secs, every_steps=run_every_steps)
    return _StopOnPredicateHook(should_stop_fn, timer, estimator.config.is_chief)


class _StopOnPredicateHook(SessionRunHook):
    """Ends the training when a function says so; only the chief of a cluster can."""

    def __init__(self, should_stop_fn: Callable[[], bool], timer: SecondOrStepTimer, is_chief: bool) -> None:
        self._should_stop_fn = should_stop_fn
        self._timer = timer
        self._is_chief = is_chief
        self._step = 0

    def begin(self) -> None:
        if not self._is_chief:
            raise ArgumentError("Early stopping must be left to the chief of a cluster. Received: another task")

    def before_run(self, run_context: SessionRunContext) -> None:
        self._step = int(run_context.session.run("global_step"))

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        step = self._step + run_context.steps - 1  # the step before the last run, by which tf.estimator counted
        if self._timer.should_trigger_for_step(step):
            self._timer.update_last_triggered_step(step)
            if self._should_stop_fn():
                logger.info("Requesting early stopping at global step %d", step)
                run_context.request_stop()

    def next_step(self, step: int) -> int | None:
        return self._timer.next_trigger(step) + 1


def stop_if_higher_hook(
    estimator: Any,
    metric_name: str,
    threshold: float,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> SessionRunHook:
    """Makes a hook that ends the training once an evaluation found a metric above a threshold.

    Args:
        estimator: The estimator that is trained.
        metric_name: A metric of its evaluations, such as "accuracy".
        threshold: The value that the metric has to pass.
        eval_dir: Folder of the event files of the evaluations; None for `estimator.eval_dir()`.
        min_steps: Evaluations of earlier steps are passed over.
        run_every_secs: Seconds between two looks; None where `run_every_steps` is given.
        run_every_steps: Steps between two looks.
    """
    rule = crossed(eval_dir or estimator.eval_dir(), metric_name, threshold, operator.gt, min_steps)
    return make_early_stopping_hook(estimator, rule, run_every_secs, run_every_steps)


def stop_if_lower_hook(
    estimator: Any,
    metric_name: str,
    threshold: float,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> SessionRunHook:
    """Makes a hook that ends the training once an evaluation found a metric below a threshold.

    The arguments are those of `stop_if_higher_hook`.
    """
    rule = crossed(eval_dir or estimator.eval_dir(), metric_name, threshold, operator.lt, min_steps)
    return make_early_stopping_hook(estimator, rule, run_every_secs, run_every_steps)


def stop_if_no_increase_hook(
    estimator: Any,
    metric_name: str,
    max_steps_without_increase: int,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> SessionRunHook:
    """Makes a hook that ends the training once a metric has not increased for so many steps.

    `max_steps_without_increase` are the steps between the best evaluation and a later one that end the training; the
    other arguments are those of `stop_if_higher_hook`.
    """
    rule = stuck(eval_dir or estimator.eval_dir(), metric_name, max_steps_without_increase, operator.gt, min_steps)
    return make_early_stopping_hook(estimator, rule, run_every_secs, run_every_steps)


def stop_if_no_decrease_hook(
    estimator: Any,
    metric_name: str,
    max_steps_without_decrease: int,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> SessionRunHook:
    """Makes a hook that ends the training once a metric has not decreased for so many steps.

    `max_steps_without_decrease` are the steps between the best evaluation and a later one that end the training; the
    other arguments are those of `stop_if_higher_hook`.
    """
    rule = stuck(eval_dir or estimator.eval_dir(), metric_name, max_steps_without_decrease, operator.lt, min_steps)
    return make_early_stopping_hook(estimator, rule, run_every_secs, run_every_steps)
