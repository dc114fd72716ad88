"""Sums and rows over all processes of a cluster, by TensorFlow's collective operations."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import tensorflow as tf

__all__ = ["Collectives"]

_numbers = count(1)
_GROUP = 0x67726D
"""Tells our group of processes from those of a strategy."""


class Collectives:
    """What all processes exchange; each must ask for the same, in the same order.

    One exchange of a graph waits for the one before, and what is summed together goes in one message a type, since a
    message costs more than its bytes. The operations are used by themselves since a strategy's `all_reduce` cannot stand
    in a graph that is pruned, as an estimator's is. All objects of a process count their exchanges together, since
    TensorFlow tells these by their numbers.

    Args:
        size: How many processes there are.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._last: tuple[Any, Any] | None = None

    def sums(self, values: Sequence[Any]) -> list[Any]:
        """The sums of tensors, and of rows of gradients, over all processes; None stays."""
        made: dict[int, Any] = dict.fromkeys(range(len(values)))
        by_type: dict[Any, list[int]] = {}
        for place, value in enumerate(values):
            if isinstance(value, tf.IndexedSlices):
                made[place] = self._rows(value)
            elif value is not None:
                by_type.setdefault(value.dtype, []).append(place)
        for places in by_type.values():
            flat = [tf.reshape(values[place], [-1]) for place in places]
            sizes = [tf.size(one) for one in flat]
            parts = tf.split(self._reduced(tf.concat(flat, 0)), sizes, num=len(flat))
            for place, part in zip(places, parts, strict=True):
                whole = tf.reshape(part, tf.shape(values[place]))
                made[place] = tf.ensure_shape(whole, values[place].shape)
        return list(made.values())

    def _reduced(self, value: Any) -> Any:
        wide = tf.float32 if value.dtype in (tf.bfloat16, tf.float16) else value.dtype
        return tf.cast(self._exchanged(tf.raw_ops.CollectiveReduceV2, tf.cast(value, wide), _SUM), value.dtype)

    def _rows(self, value: tf.IndexedSlices) -> tf.IndexedSlices:
        """All rows, one process after the other; each sends as many as the one that has the most."""
        count = tf.shape(value.indices)[:1]
        counts = self._gathered(count)
        most = tf.reduce_max(counts)
        indices = self._gathered(tf.pad(value.indices, [[0, most - count[0]]]))
        rest = [[0, 0]] * (value.values.shape.rank - 1)
        values = self._gathered(tf.pad(value.values, [[0, most - count[0]], *rest]))
        real = tf.reshape(tf.sequence_mask(counts, most), [-1])
        return tf.IndexedSlices(tf.boolean_mask(values, real), tf.boolean_mask(indices, real), value.dense_shape)

    def _gathered(self, value: Any) -> Any:
        return self._exchanged(tf.raw_ops.CollectiveGatherV2, value, {})

    def _exchanged(self, operation: Any, value: Any, options: dict[str, Any]) -> Any:
        graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
        before = [self._last[1]] if graph is not None and self._last is not None and self._last[0] is graph else []
        with tf.control_dependencies(before):
            made = operation(
                input=value,
                group_size=self._size,
                group_key=_GROUP,
                instance_key=next(_numbers),
                ordering_token=[],
                **options,
            )
        self._last = graph, made
        return made


_SUM = {"merge_op": "Add", "final_op": "Id"}
