"""Evaluates a model while it is trained, without a checkpoint in between."""

from typing import Any

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.hooks.base import SessionRunContext, SessionRunHook, SessionRunValues, check_hooks
from gristmill.estimator.hooks.timer import SecondOrStepTimer

__all__ = ["InMemoryEvaluatorHook"]


class InMemoryEvaluatorHook(SessionRunHook):
    """Evaluates the variables as they stand in memory: before the first step, then every N steps, and after the last.

    Args:
        estimator: The estimator to evaluate; its `evaluate_values` is called.
        input_fn: Gives the batches; as for `evaluate`, as are `steps`, `hooks` and `name`.
        steps: Batches to take; None for all.
        hooks: Called around the batches.
        name: Of the folder of events, `eval_NAME`; None for `eval`.
        every_n_iter: Steps between two evaluations.

    Raises:
        ArgumentError: `every_n_iter` is not positive, or several machines train.
        KindError: `hooks` holds something else than hooks.
    """

    def __init__(
        self,
        estimator: Any,
        input_fn: Any,
        steps: int | None = None,
        hooks: Any = None,
        name: str | None = None,
        every_n_iter: int = 100,
    ) -> None:
        if every_n_iter is None or every_n_iter <= 0:
            raise ArgumentError(f"`every_n_iter` must be a positive integer. Received: every_n_iter={every_n_iter}")
        config = estimator.config
        if config.num_ps_replicas > 0 or config.num_worker_replicas > 1:
            raise ArgumentError(
                "Evaluation in memory needs a training on one machine. Received: "
                f"num_ps_replicas={config.num_ps_replicas}, num_worker_replicas={config.num_worker_replicas}"
            )
        self._estimator = estimator
        self._input_fn = input_fn
        self._how: dict[str, Any] = {"steps": steps, "hooks": check_hooks(hooks), "name": name}
        self._timer = SecondOrStepTimer(every_steps=every_n_iter)
        self._iteration = 0

    def begin(self) -> None:
        """Counts from zero."""
        self._iteration = 0

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Evaluates what the training starts from."""
        self._evaluate(session)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Evaluates where it is time."""
        self._iteration += run_context.steps
        if self._timer.should_trigger_for_step(self._iteration):
            self._evaluate(run_context.session)

    def end(self, session: Any) -> None:
        """Evaluates the last step."""
        self._evaluate(session)

    def next_step(self, step: int) -> int | None:
        """The step of the next evaluation."""
        return step + self._timer.next_trigger(self._iteration + 1) - self._iteration

    def _evaluate(self, session: Any) -> None:
        self._estimator.evaluate_values(session.variables, self._input_fn, **self._how)
        self._timer.update_last_triggered_step(self._iteration)
