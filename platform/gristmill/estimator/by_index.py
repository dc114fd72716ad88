"""The same batches by less work: records in memory are shuffled by their numbers, and gathered a batch at a time.

`Dataset.from_tensor_slices(...).shuffle(...).repeat().batch(...)` cuts its tensors into records, moves each through every
step, and puts them together again. Here the same steps move numbers. The order is the same one, since it does not depend
on what is shuffled.
"""

from typing import Any

import tensorflow as tf

__all__ = ["by_index"]

_SLICES = "_TensorSliceDataset"


def by_index(dataset: "tf.data.Dataset") -> "tf.data.Dataset":
    """A dataset of the same elements in the same order; the given one where it is not batches of records in memory."""
    above, step = [], dataset
    while type(step).__name__ in _STEPS:
        above.append(step)
        step = step._input_dataset
    if type(step).__name__ not in ("_BatchDataset", "_ParallelBatchDataset"):
        return dataset
    below, source = [], step._input_dataset
    while type(source).__name__ in _STEPS:
        below.append(source)
        source = source._input_dataset
    if type(source).__name__ != _SLICES or not _are_dense(source.element_spec):
        return dataset
    made = tf.data.Dataset.range(int(source._tensors[0].shape[0]))
    for one in reversed(below):
        made = _STEPS[type(one).__name__](made, one)
        if made is None:
            return dataset
    made = made.batch(step._batch_size, drop_remainder=bool(step._drop_remainder)).map(_Gather(source))
    for one in reversed(above):
        made = _STEPS[type(one).__name__](made, one)
        if made is None:
            return dataset
    return made.with_options(dataset.options())


class _Gather:
    """Takes the rows of a batch of numbers out of all tensors."""

    def __init__(self, source: Any) -> None:
        self._tensors, self._spec = source._tensors, source.element_spec

    def __call__(self, numbers: Any) -> Any:
        return tf.nest.pack_sequence_as(self._spec, [tf.gather(tensor, numbers) for tensor in self._tensors])


def _are_dense(spec: Any) -> bool:
    return all(isinstance(one, tf.TensorSpec) for one in tf.nest.flatten(spec))


def _shuffled(below: Any, step: Any) -> Any:
    """The same shuffling; None where its order cannot be had again."""
    first, second = int(step._seed), int(step._seed2)
    again = bool(step._reshuffle_each_iteration) if step._reshuffle_each_iteration is not None else True
    seed = second if (first, second) != (0, 0) else None
    made = below.shuffle(step._buffer_size, seed=seed, reshuffle_each_iteration=again)
    return made if (int(made._seed), int(made._seed2)) == (first, second) else None


_STEPS = {
    "_ShuffleDataset": _shuffled,
    "_RepeatDataset": lambda below, step: below.repeat(step._count),
    "_TakeDataset": lambda below, step: below.take(step._count),
    "_SkipDataset": lambda below, step: below.skip(step._count),
    "_PrefetchDataset": lambda below, step: below.prefetch(int(step._buffer_size)),
}
"""What may stand between the tensors and the batches, made anew on another dataset."""
