"""Look-up tables that a traced function makes: made and filled once, outside of the trace, and not at every step."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.ops import resource_creator_scope

from gristmill.estimator.lifting import computed, is_symbolic

__all__ = ["filled_tables"]

_KINDS = ("StaticHashTable", "StaticHashTableV1")


@contextmanager
def filled_tables() -> Iterator[None]:
    """While open in a trace, static tables are made and filled outside of it."""
    with ExitStack() as stack:
        for kind in _KINDS:
            stack.enter_context(resource_creator_scope(kind, _create))
        yield


def _create(next_creator: Any, initializer: Any, *arguments: Any, **options: Any) -> Any:
    if type(initializer) is tf.lookup.KeyValueTensorInitializer:
        parts = (initializer._keys, initializer._values)
        if any(map(is_symbolic, parts)):
            keys, values = (computed(part, "a table's terms") if is_symbolic(part) else part for part in parts)
            with tf.init_scope():
                initializer = tf.lookup.KeyValueTensorInitializer(
                    keys, values, initializer.key_dtype, initializer.value_dtype
                )
    with tf.init_scope():
        return next_creator(initializer, *arguments, **options)
