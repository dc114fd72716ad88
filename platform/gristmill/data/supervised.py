"""Batches of (features, label) out of a dataset, epoch by epoch, as a Keras model is trained on."""

from typing import TYPE_CHECKING, Any

from gristmill.data.dataset import Dataset
from gristmill.data.reading import ReadState
from gristmill.errors import InputError
from gristmill.schema import Feature, Role

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["Supervised"]


class Supervised:
    """A split of a dataset as (features by name, label) or, where a feature has the role `weight`, with that as third.

    A text label comes as its number, int64, among the schema's `values` or, where there are none, in the vocabulary; a
    number as it is. Keys are among the features. See `Dataset.batches` for what a feature's tensor is.

    Args:
        dataset: The dataset.
        split: Name of the split.
        batch_size: Rows a batch.
        label: Name of the label; None takes the one feature of that role.
        seed: Shuffles, each epoch otherwise; None keeps the written order.

    Raises:
        InputError: There is not one label, it is no number or text of one value, or the split is unknown or empty.
    """

    def __init__(
        self, dataset: Dataset, split: str, batch_size: int, *, label: str | None = None, seed: int | None = None
    ) -> None:
        schema = dataset.manifest.record_schema
        self._dataset, self._split, self._batch_size, self._seed = dataset, split, batch_size, seed
        self.label = schema[label] if label else _only(schema.with_role(Role.LABEL), "label", schema.names)
        if self.label.shape:
            raise InputError(f"a label must be one value. Received: `{self.label.name}`, a list")
        self.classes = _classes(dataset, self.label)
        weights = schema.with_role(Role.WEIGHT)
        self._weight = _only(weights, "weight", schema.names).name if weights else None
        self._names = [name for name in schema.names if name not in (self.label.name, self._weight)]
        self._batches = dataset.batches_per_epoch(split, batch_size)

    def __len__(self) -> int:
        """Batches an epoch."""
        return self._batches

    def __call__(self, epoch: int = 0, start: int = 0) -> "tf.data.Dataset":
        """The batches of an epoch (from 0) from one (from 0) on."""
        state = ReadState(self._seed, self._batch_size).after(epoch * self._batches + start, self._batches)
        number = self._numbered()

        def parts(batch: dict[str, Any]) -> tuple[Any, ...]:
            features = {name: batch[name] for name in self._names}
            label = number(batch[self.label.name])
            return (features, label) if self._weight is None else (features, label, batch[self._weight])

        whole = self._dataset.batches(self._split, self._batch_size, seed=self._seed, epochs=epoch + 1, start=state)
        return whole.map(parts)

    def _numbered(self) -> Any:
        """Turns a batch of labels into numbers."""
        if self.classes is None:
            return lambda label: label
        import tensorflow as tf

        keys, values = tf.constant(self.classes), tf.range(len(self.classes), dtype=tf.int64)
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)

        def number(label: Any) -> Any:
            found = table.lookup(label)
            unknown = tf.boolean_mask(label, found < 0)
            rule = f"the label `{self.label.name}` must be one of {', '.join(self.classes or ())}. Received:"
            with tf.control_dependencies([tf.debugging.Assert(tf.size(unknown) == 0, [rule, unknown])]):
                return tf.identity(found)

        return number


def _only(found: tuple[Feature, ...], role: str, names: tuple[str, ...]) -> Feature:
    if len(found) != 1:
        told = ", ".join(feature.name for feature in found) or f"none among {', '.join(names)}"
        raise InputError(f"the schema must have one feature of the role `{role}`. Received: {told}")
    return found[0]


def _classes(dataset: Dataset, label: Feature) -> list[str] | None:
    if label.dtype != "string":
        return None
    return list(label.values) if label.values is not None else dataset.vocabulary(label.name)
