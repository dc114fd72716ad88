"""The vocabularies of columns: the words that checkpoints are known by, and files that must hold them."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import Any

import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2 as fc

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.provenance import fingerprint
from gristmill.features import CategoryColumn, CrossColumn

__all__ = ["words_of"]


def words_of(readers: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """The fingerprints of vocabularies, by the features that are looked up in them.

    Args:
        readers: Features, each with a column that reads it.

    Raises:
        ArgumentError: A vocabulary's file is not there, or holds fewer words than its column says.
    """
    found: dict[str, set[str]] = {}
    for name, column in readers:
        words = _words(name, column)
        if words is not None:
            found.setdefault(f"the feature {name!r}", set()).add(words)
    return {name: "; ".join(sorted(words)) for name, words in found.items()}


def _words(name: str, column: Any) -> str | None:
    if isinstance(column, CrossColumn):
        column = column.first if column.first.name == name else column.second
    if isinstance(column, CategoryColumn):
        return None if column.vocabulary is None else fingerprint(column.vocabulary)
    if isinstance(column, fc.VocabularyListCategoricalColumn):
        return fingerprint(column.vocabulary_list)
    return _of_file(column) if isinstance(column, fc.VocabularyFileCategoricalColumn) else None


def _of_file(column: Any) -> str:
    path, size = column.vocabulary_file, column.vocabulary_size
    if not tf.io.gfile.exists(path):
        raise ArgumentError(f"the vocabulary file of the column {column.name!r} must be there. Received: {path}")
    state = tf.io.gfile.stat(path)
    count, words = _lines(path, size, (state.length, state.mtime_nsec))
    if size is not None and count < size:
        raise ArgumentError(
            f"the vocabulary file of the column {column.name!r} must hold {size} words, its vocabulary_size. "
            f"Received: {count} words in {path}"
        )
    return words


@lru_cache
def _lines(path: str, size: int | None, state: tuple[int, int]) -> tuple[int, str]:
    """How many lines of a file are words, and their fingerprint, read again where the file is another one."""
    del state
    with tf.io.gfile.GFile(path, "rb") as file:
        lines = list(islice(file.read().splitlines(), size))
    return len(lines), fingerprint(lines)
