"""What a checkpoint says of the model that wrote it: the names of its weights, and the words of its vocabularies."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.restore import read_names, read_notes, restore

__all__ = ["all_weights_are_made", "check_words", "fill_from", "fingerprint", "note_words", "noted_words", "notes_of"]

Words = Mapping[str, str]
"""By what they are for, how a vocabulary's words are told and known again."""

_WORDS, _ALL = "gristmill/words", "gristmill/all_weights"
_SCOPES = ("linear/linear_model/", "dnn/", "rnn_model/")
"""Where the canned estimators of 2.15, whose checkpoints say nothing, had their weights."""
_TOLD = 5


def fingerprint(words: Iterable[str | bytes | int]) -> str:
    """How many words there are, the first ones, and a number that other words or another order would change."""
    listed = [word.decode(errors="replace") if isinstance(word, bytes) else str(word) for word in words]
    digest = hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16]
    first = ", ".join(listed[:_TOLD]) + (", ..." if len(listed) > _TOLD else "")
    return f"{len(listed)} words, {first} ({digest})"


def note_words(words: Words) -> None:
    """Lets checkpoints of the model function that is being traced know vocabularies."""
    if not tf.executing_eagerly():
        for item in words.items():
            tf.compat.v1.get_default_graph().add_to_collection(_WORDS, item)


def noted_words(graph: Any) -> dict[str, str]:
    """The vocabularies noted in a graph; those of one name together."""
    found: dict[str, list[str]] = {}
    for name, one in graph.get_collection(_WORDS):
        found.setdefault(name, []).append(one)
    return {name: "; ".join(sorted(set(told))) for name, told in found.items()}


def all_weights_are_made() -> None:
    """Tells that the model function which is being traced makes all of its weights in each mode."""
    tf.compat.v1.get_default_graph().add_to_collection(_ALL, True)


def notes_of(variables: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """What to save beside variables."""
    weights = sorted(name for name, variable in variables.items() if variable.trainable)
    return {"weights": weights, "words": dict(words)}


def check_words(prefix: str, words: Words) -> None:
    """Checks that vocabularies are those that a checkpoint was trained with, as far as it says.

    Raises:
        ArgumentError: One has other words.
        IntegrityError: It is not there, cut or changed.
    """
    before = read_notes(prefix).get("words", {})
    for name, now in words.items():
        if before.get(name, now) != now:
            raise ArgumentError(
                f"the vocabulary of {name} must be that of the checkpoint {prefix}, {before[name]}; to go on with another "
                f"one, warm-start with a VocabInfo in a new folder. Received: {now}"
            )


def fill_from(prefix: str, variables: Mapping[str, Any], graph: Any, training: bool) -> None:
    """Puts in what a checkpoint of the same model holds.

    Args:
        prefix: The checkpoint's name, without `.index`.
        variables: The model's, by name.
        graph: Of the trace that made them.
        training: Whether it trains, so that the next checkpoint would lack what this model lacks.

    Raises:
        ArgumentError: It is another model's, such as a larger one's, or a vocabulary has other words.
        IntegrityError: It is not there, cut or changed.
    """
    restore(prefix, variables)
    if training or graph.get_collection(_ALL):
        _check_weights(prefix, variables)
    check_words(prefix, noted_words(graph))


def _check_weights(prefix: str, variables: Mapping[str, Any]) -> None:
    """Raises where a checkpoint has weights that a model lacks."""
    weights = read_notes(prefix).get("weights")
    if weights is None:
        known = tuple(f"{name}/" for name in variables)
        weights = [n for n in read_names(prefix) if n.startswith(_SCOPES) and not n.startswith(known)]
    more = [name for name in weights if name not in variables]
    if more:
        raise ArgumentError(
            f"the model must have all weights of the checkpoint {prefix}; is it a larger model's, or have columns been left "
            f"out? It also holds {', '.join(more[:5])}. Received: {', '.join(list(variables)[:20])}"
        )
