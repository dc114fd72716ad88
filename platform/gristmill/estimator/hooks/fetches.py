"""Fetches in any nesting, taken apart to a flat list and put together again with their values."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from gristmill.estimator.errors import KindError

__all__ = ["flatten", "pack"]


def flatten(fetches: Any) -> list[Any]:
    """The single fetches of a nesting, in order: names, dense tensors, variables and ops."""
    leaves: list[Any] = []
    _map(leaves.append, fetches)
    return leaves


def pack(fetches: Any, values: Iterable[Any]) -> Any:
    """Puts the values of `flatten(fetches)` in the structure of `fetches`.

    Arrays without dimensions become NumPy scalars (`bytes` for strings); a sparse tensor becomes a `SparseTensorValue`.
    """
    left = iter(values)
    return _map(lambda _: _plain(next(left)), fetches)


def _plain(value: Any) -> Any:
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _map(function: Callable[[Any], Any], fetches: Any) -> Any:
    if fetches is None:
        raise KindError("A fetch must be a name, a tensor, a variable or an op. Received: None")
    if isinstance(fetches, Mapping):
        return {key: _map(function, fetch) for key, fetch in fetches.items()}
    if isinstance(fetches, tuple) and hasattr(fetches, "_fields"):
        return type(fetches)(*(_map(function, fetch) for fetch in fetches))
    if isinstance(fetches, (list, tuple)):
        return type(fetches)(_map(function, fetch) for fetch in fetches)
    if isinstance(fetches, tf.SparseTensor):
        parts = (fetches.indices, fetches.values, fetches.dense_shape)
        return tf.compat.v1.SparseTensorValue(*(function(part) for part in parts))
    return function(fetches)
