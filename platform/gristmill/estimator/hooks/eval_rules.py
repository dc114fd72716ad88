"""Whether the metrics of past evaluations say that a training may end."""

import logging
from collections.abc import Callable

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.hooks.eval_metrics import read_eval_metrics

__all__ = ["crossed", "stuck"]

logger = logging.getLogger("gristmill")


def crossed(
    eval_dir: str, metric_name: str, threshold: float, is_beyond: Callable[[float, float], bool], min_steps: int
) -> Callable[[], bool]:
    """Makes a rule: some evaluation since `min_steps` found the metric beyond the threshold."""

    def rule() -> bool:
        for step, value in _series(eval_dir, metric_name, min_steps):
            if is_beyond(value, threshold):
                logger.info('At step %d the metric "%s" is %s, beyond %s.', step, metric_name, value, threshold)
                return True
        return False

    return rule


def stuck(
    eval_dir: str, metric_name: str, max_steps: int, is_better: Callable[[float, float], bool], min_steps: int
) -> Callable[[], bool]:
    """Makes a rule: since `min_steps`, the metric was once no better for `max_steps` steps than before."""

    def rule() -> bool:
        best_step, best = 0, None
        for step, value in _series(eval_dir, metric_name, min_steps):
            if best is None or is_better(value, best):
                best_step, best = step, value
            if step - best_step >= max_steps:
                logger.info(
                    'At step %d the metric "%s" is no better than at %d: %s.', step, metric_name, best_step, best
                )
                return True
        return False

    return rule


def _series(eval_dir: str, metric_name: str, min_steps: int) -> list[tuple[int, float]]:
    """The values of a metric by step."""
    found = {step: metrics for step, metrics in read_eval_metrics(eval_dir).items() if step >= min_steps}
    for step, metrics in found.items():
        if metric_name not in metrics:
            raise ArgumentError(
                f"`metric_name` must be one of {sorted(metrics)}, the metrics of step {step} in {eval_dir}. "
                f"Received: {metric_name!r}"
            )
    return [(step, metrics[metric_name]) for step, metrics in found.items()]
