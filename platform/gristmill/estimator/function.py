"""A user's model function: its arguments checked once, then called with those that it takes."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from gristmill.estimator.calls import arguments_of, call_with
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.spec import EstimatorSpec

__all__ = ["ModelFunction"]

_KNOWN = ("features", "labels", "mode", "params", "config")


class ModelFunction:
    """`model_fn(features, labels, mode, params, config)`, of which only `features` must be taken.

    Raises:
        ArgumentError: It takes other arguments, or `params` are given that it does not take.
    """

    def __init__(self, model_fn: Callable[..., EstimatorSpec], params: Mapping[str, Any] | None) -> None:
        if not callable(model_fn):
            raise ArgumentError(f"model_fn must be callable. Received: {model_fn!r}")
        names = arguments_of(model_fn)
        other = [name for name in names if name not in _KNOWN]
        if "features" not in names or other:
            raise ArgumentError(
                f"model_fn must take `features` and may take {', '.join(_KNOWN[1:])}. Received: {', '.join(names)}"
            )
        if params is not None and "params" not in names:
            raise ArgumentError(f"model_fn must take `params` where they are given. Received: {', '.join(names)}")
        self._function, self._names = model_fn, names
        self.params = copy.deepcopy(dict(params or {}))

    def __call__(self, features: Any, labels: Any, mode: str, config: Any) -> EstimatorSpec:
        """Calls it.

        Raises:
            ArgumentError: There are labels, and it does not take them.
        """
        if labels is not None and "labels" not in self._names:
            raise ArgumentError(f"model_fn must take `labels`, since input_fn gives them. Received: {self._names}")
        known = {"features": features, "labels": labels, "mode": mode, "config": config, "params": self.params}
        return call_with(self._function, known)
