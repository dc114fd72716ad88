"""More metrics for an estimator that is there."""

from collections.abc import Callable, Mapping
from typing import Any

from gristmill.estimator.calls import arguments_of, call_with
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.estimator import Estimator
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.spec import EstimatorSpec

__all__ = ["add_metrics"]

_KNOWN = ("features", "labels", "predictions", "config")


def add_metrics(estimator: Estimator, metric_fn: Callable[..., Mapping[str, Any]]) -> Estimator:
    """An estimator like the given one, in the same folder, that also evaluates `metric_fn`'s metrics.

    Args:
        estimator: Any estimator.
        metric_fn: Takes any of `features`, `labels`, `predictions` and `config`, and gives metrics by name as
            `EstimatorSpec` takes them; one of a name that is there already takes its place.

    Raises:
        ArgumentError: `metric_fn` takes other arguments.
    """
    other = [name for name in arguments_of(metric_fn) if name not in _KNOWN]
    if other:
        raise ArgumentError(f"metric_fn may take {', '.join(_KNOWN)}. Received: {', '.join(other)}")

    def model_fn(features: Any, labels: Any, mode: str, config: Any) -> EstimatorSpec:
        spec = estimator.model_fn(features, labels, mode, config)
        if mode != ModeKeys.EVAL:
            return spec
        known = {"features": features, "labels": labels, "predictions": spec.predictions, "config": config}
        return EstimatorSpec(
            mode, spec.predictions, spec.loss, spec.train_op, {**spec.eval_metric_ops, **call_with(metric_fn, known)},
            spec.export_outputs, evaluation_hooks=spec.evaluation_hooks,
        )  # fmt: skip

    return estimator.with_function(model_fn)
