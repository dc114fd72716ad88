"""Evaluation: every batch through a trace, the metrics at the end."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from gristmill.estimator.demands import told
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.hooks.runner import HookRunner
from gristmill.estimator.stepping import GraphStep
from gristmill.estimator.tracing import Trace
from gristmill.estimator.variables import GLOBAL_STEP

__all__ = ["evaluated"]

_BLOCK = 64


def evaluated(
    trace: Trace, batches: Iterable[Any], runner: HookRunner, resolve: Callable[[Any], Any]
) -> dict[str, Any]:
    """The metrics of the batches, their mean `loss`, and the `global_step` of the weights.

    Args:
        trace: The model function, traced to evaluate, its variables filled.
        batches: The batches.
        runner: The hooks.
        resolve: The tensor or variable that a name stands for.

    Raises:
        ArgumentError: There is no batch.
    """
    metrics = trace.spec.eval_metric_ops
    updates = [metric[1] for metric in metrics.values() if isinstance(metric, tuple)]
    step, steps = GraphStep(trace, stops=False), iter(batches)
    losses: list[Any] = []
    last: list[Any] = []
    while not runner.stop_requested:
        asked = [resolve(fetch) for fetch in runner.before()]
        step.fetches = [*asked, *updates]
        with told():
            found = step.several(steps, 1 if step.fetches else min(_BLOCK, runner.most(len(losses))))
        if not found:
            break
        losses += found
        runner.after(step.fetched[: len(asked)], len(found))
        last = step.fetched[len(asked) :]
    if not losses:
        raise ArgumentError("input_fn must give at least one batch. Received: none")
    pairs = iter(last)
    values = {name: next(pairs) if isinstance(m, tuple) else _result(m) for name, m in metrics.items()}
    values.setdefault("loss", np.float32(np.mean(np.asarray(losses, np.float64))))
    return dict(sorted(values.items())) | {GLOBAL_STEP: trace.global_step.numpy()}


def _result(metric: Any) -> Any:
    value = np.asarray(metric.result())
    return value[()] if value.ndim == 0 else value
