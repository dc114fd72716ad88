"""Prediction: a batch at a time through a trace, handed on example by example."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from gristmill.estimator.demands import told
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.hooks.runner import HookRunner
from gristmill.estimator.session import ModelSession
from gristmill.estimator.tracing import Trace

__all__ = ["predicted"]


def predicted(
    trace: Trace,
    batches: Iterable[Any],
    runner: HookRunner,
    session: ModelSession,
    keys: Sequence[str] | str | None,
    single: bool,
) -> Iterator[Any]:
    """The predictions, example by example or batch by batch.

    Raises:
        ArgumentError: A key is not among them, or they do not all have an example's axis of the same length.
    """
    wanted = _wanted(trace.spec.predictions, keys)
    functions: dict[tuple[int, ...], Any] = {}
    for batch in batches:
        asked = [session.resolve(fetch) for fetch in runner.before()]
        key = tuple(map(id, asked))
        if key not in functions:
            functions[key] = trace.function([wanted, [one for one in asked if not hasattr(one, "numpy")]])
        with told():
            values, found = functions[key](*trace.flat(batch))
        rest = iter(found)
        runner.after([one.numpy() if hasattr(one, "numpy") else _array(next(rest)) for one in asked])
        arrays = {name: _array(v) for name, v in values.items()} if isinstance(values, dict) else _array(values)
        if single:
            yield from _examples(arrays)
        else:
            yield arrays
        if runner.stop_requested:
            return


def _wanted(predictions: Any, keys: Sequence[str] | str | None) -> Any:
    if keys is None:
        return dict(predictions) if isinstance(predictions, dict) else predictions
    if not isinstance(predictions, dict):
        raise ArgumentError(f"predict_keys must be None where predictions are no dict. Received: {keys!r}")
    names = [keys] if isinstance(keys, str) else list(keys)
    found = {name: predictions[name] for name in names if name in predictions}
    if not found:
        raise ArgumentError(f"predict_keys must be among {', '.join(predictions)}. Received: {', '.join(names)}")
    return found


def _examples(arrays: Any) -> Iterator[Any]:
    named = arrays if isinstance(arrays, dict) else {"predictions": arrays}
    lengths = {name: np.shape(value)[0] if np.ndim(value) else None for name, value in named.items()}
    if len(set(lengths.values())) != 1 or None in lengths.values():
        raise ArgumentError(
            "to yield single examples, all predictions must have the batch as their first axis; "
            f"set yield_single_examples=False for others. Received: lengths {lengths}"
        )
    for row in range(next(iter(lengths.values())) or 0):
        yield {name: value[row] for name, value in named.items()} if isinstance(arrays, dict) else arrays[row]


def _array(value: Any) -> Any:
    return value.numpy() if hasattr(value, "numpy") else value
