"""Training with an evaluation, and exports, at each checkpoint: in one process, or in the roles of a cluster."""

import logging
import os
import time
from typing import Any, NamedTuple

from gristmill.errors import WorkError
from gristmill.estimator.cluster import TaskType
from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.hooks import CheckpointSaverListener
from gristmill.estimator.train_specs import EvalSpec, TrainSpec

__all__ = ["train_and_evaluate"]

_log = logging.getLogger("gristmill")

_LEAST_WAIT_SECONDS = 1.0

Results = tuple[dict[str, Any] | None, list[bytes | None] | None]


def train_and_evaluate(estimator: Any, train_spec: TrainSpec, eval_spec: EvalSpec) -> Results | None:
    """Trains a model, and evaluates and exports it at each checkpoint.

    Without TF_CONFIG all is done here. In a cluster, this process does what TF_CONFIG says: the chief and the workers
    train, the evaluator waits for checkpoints until one has reached `max_steps`, and a legacy master does both.

    Args:
        estimator: The estimator.
        train_spec: How to train.
        eval_spec: How to evaluate and export.

    Returns:
        The last evaluation's metrics, and what each exporter gave after it; both None where there was nothing left to
        train. None in a cluster.

    Raises:
        ArgumentError: If TF_CONFIG gives a role that there is not.
        KindError: If an argument is of the wrong type.
        WorkError: If a checkpoint that was saved cannot be found.
    """
    for method in ("train", "evaluate", "latest_checkpoint"):
        if not hasattr(estimator, method):
            raise KindError(f"`estimator` must be an Estimator. Received: estimator={estimator!r}")
    if not isinstance(train_spec, TrainSpec):
        raise KindError(f"`train_spec` must be a TrainSpec. Received: train_spec={train_spec!r}")
    if not isinstance(eval_spec, EvalSpec):
        raise KindError(f"`eval_spec` must be an EvalSpec. Received: eval_spec={eval_spec!r}")
    role = estimator.config.task_type
    if role == TaskType.EVALUATOR:
        _evaluate_until_done(estimator, train_spec, eval_spec)
        return None
    if not estimator.config.cluster_spec:
        return _train_with_evaluation(estimator, train_spec, eval_spec)
    if role == TaskType.MASTER:
        _train_with_evaluation(estimator, train_spec, eval_spec)
    elif role in (TaskType.CHIEF, TaskType.WORKER) or estimator.config.train_distribute:
        _train_in_cluster(estimator, train_spec)
    else:
        raise ArgumentError(
            "the task type in TF_CONFIG must be chief, worker, master or evaluator, unless RunConfig has "
            f"train_distribute='parameter-server'. Received: type={role!r}"
        )
    return None


class _Evaluation(NamedTuple):
    metrics: dict[str, Any]
    exports: list[bytes | None]
    is_final: bool


class _Evaluator:
    """Evaluates and exports the newest checkpoint, each once."""

    def __init__(self, estimator: Any, train_spec: TrainSpec, eval_spec: EvalSpec) -> None:
        self._estimator = estimator
        self._max_steps = train_spec.max_steps
        self._spec = eval_spec
        self._done: str | None = None

    def evaluate(self) -> _Evaluation | None:
        """Evaluates the newest checkpoint; None where there is none, or it has been evaluated."""
        path = self._estimator.latest_checkpoint()
        if not path or path == self._done:
            return None
        metrics = self._estimator.evaluate(
            input_fn=self._spec.input_fn,
            steps=self._spec.steps,
            name=self._spec.name,
            checkpoint_path=path,
            hooks=self._spec.hooks,
        )
        is_final = self._max_steps is not None and metrics["global_step"] >= self._max_steps
        exports = [self._export(exporter, path, metrics, is_final) for exporter in self._spec.exporters]
        self._done = path
        return _Evaluation(metrics, exports, is_final)

    def _export(self, exporter: Any, path: str, metrics: dict[str, Any], is_final: bool) -> bytes | None:
        exported: bytes | None = exporter.export(
            estimator=self._estimator,
            export_path=os.path.join(os.fspath(self._estimator.model_dir), "export", exporter.name),
            checkpoint_path=path,
            eval_result=metrics,
            is_the_final_export=is_final,
        )
        return exported


class _EvaluationListener(CheckpointSaverListener):
    """Evaluates when a checkpoint has been saved, but no more often than it may."""

    def __init__(self, evaluator: _Evaluator, throttle_seconds: float) -> None:
        self._evaluator = evaluator
        self._throttle_seconds = throttle_seconds
        self.last: _Evaluation | None = None

    def begin(self) -> None:
        """Forgets what was evaluated before."""
        self._saved_before = False
        self._evaluated_step: int | None = None
        self._next_time = 0.0

    def after_save(self, session: Any, global_step_value: int) -> None:
        """Evaluates the checkpoint, unless it is the one from before the first step, or it is too early."""
        if not self._saved_before:
            self._saved_before = True
        elif global_step_value == self._evaluated_step:
            return
        elif time.monotonic() < self._next_time:
            _log.info("the checkpoint of step %d is not evaluated: throttle_secs are not over", global_step_value)
        else:
            self._evaluate(global_step_value)

    def end(self, session: Any, global_step_value: int) -> None:
        """Evaluates the last checkpoint where that has not been done."""
        if global_step_value != self._evaluated_step:
            self._evaluate(global_step_value)

    def _evaluate(self, step: int) -> None:
        self._evaluated_step = step
        self._next_time = time.monotonic() + self._throttle_seconds
        evaluation = self._evaluator.evaluate()
        if evaluation is None:
            raise WorkError(f"the checkpoint of step {step} was saved but is not the newest one that can be found")
        self.last = evaluation


def _train_with_evaluation(estimator: Any, train_spec: TrainSpec, eval_spec: EvalSpec) -> Results:
    listener = _EvaluationListener(_Evaluator(estimator, train_spec, eval_spec), eval_spec.throttle_secs)
    _train(estimator, train_spec, (*train_spec.saving_listeners, listener))
    return (listener.last.metrics, listener.last.exports) if listener.last else (None, None)


def _train_in_cluster(estimator: Any, train_spec: TrainSpec) -> None:
    if not estimator.config.train_distribute:
        _log.warning(
            "this process trains by itself: only under RunConfig(train_distribute=...) do machines work together"
        )
    _train(estimator, train_spec, train_spec.saving_listeners if estimator.config.is_chief else ())


def _train(estimator: Any, train_spec: TrainSpec, listeners: tuple[Any, ...]) -> None:
    estimator.train(
        input_fn=train_spec.input_fn,
        hooks=list(train_spec.hooks),
        max_steps=train_spec.max_steps,
        saving_listeners=listeners,
    )


def _evaluate_until_done(estimator: Any, train_spec: TrainSpec, eval_spec: EvalSpec) -> None:
    """Evaluates checkpoints that another process saves, until one has reached `max_steps`."""
    if estimator.config.task_id > 0:
        raise ArgumentError(f"there must be one evaluator, 0. Received: index={estimator.config.task_id}")
    evaluator = _Evaluator(estimator, train_spec, eval_spec)
    time.sleep(eval_spec.start_delay_secs)
    while True:
        begun = time.monotonic()
        evaluation = evaluator.evaluate()
        if evaluation is not None and evaluation.is_final:
            return
        least = _LEAST_WAIT_SECONDS if evaluation is None else 0.0
        if evaluation is None:
            _log.info("waiting for a new checkpoint in %s", estimator.model_dir)
        time.sleep(max(least, begun + eval_spec.throttle_secs - time.monotonic()))
