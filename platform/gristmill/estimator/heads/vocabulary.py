"""Names of classes to ids and back, without a table, so that nothing must be initialized or saved with the graph."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from gristmill.estimator.demands import demanded
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.provenance import fingerprint, note_words

__all__ = ["all_classes", "class_names", "label_ids"]

_HASHES = 2**63 - 1


def label_ids(labels: Any, vocabulary: Sequence[str]) -> Any:
    """The places of labels in a vocabulary, int64 of the same shape.

    A label is found by its hash among the sorted hashes of the words, and compared with the word found.

    Raises:
        ArgumentError: The labels are no strings, or one is not in the vocabulary.
    """
    if labels.dtype != tf.string:
        raise ArgumentError(
            f"`labels` must be strings where there is a label_vocabulary. Received: dtype={labels.dtype.name}"
        )
    words = tf.constant(vocabulary)
    hashes = tf.strings.to_hash_bucket_fast(words, _HASHES)
    order = tf.argsort(hashes)
    flat = tf.reshape(labels, [-1])
    place = tf.searchsorted(tf.gather(hashes, order), tf.strings.to_hash_bucket_fast(flat, _HASHES))
    ids = tf.gather(order, tf.minimum(place, len(vocabulary) - 1))
    known = tf.equal(tf.gather(words, ids), flat)
    rule = f"`labels` must be in the label_vocabulary {_told(vocabulary)}"
    ids = demanded(ids, tf.reduce_all(known), rule, lambda: tf.boolean_mask(flat, ~known))
    return tf.reshape(tf.cast(ids, tf.int64), tf.shape(labels))


def class_names(class_ids: Any, vocabulary: Sequence[str] | None) -> Any:
    """The names of classes, strings of the same shape; without a vocabulary their numbers."""
    return tf.strings.as_string(class_ids) if vocabulary is None else tf.gather(tf.constant(vocabulary), class_ids)


def all_classes(logits: Any, n_classes: int, vocabulary: Sequence[str] | None) -> tuple[Any, Any]:
    """For each example of a batch the ids of all classes, int32 `[D0, n_classes]`, and their names."""
    if vocabulary is not None:
        note_words({"the labels": fingerprint(vocabulary)})
    ids = tf.tile(tf.range(n_classes)[tf.newaxis], [tf.shape(logits)[0], 1])
    return ids, class_names(ids, vocabulary)


def _told(vocabulary: Sequence[str]) -> str:
    return f"{list(vocabulary[:10])}" + ("" if len(vocabulary) <= 10 else f" and {len(vocabulary) - 10} more")
