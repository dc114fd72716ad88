"""Boosted trees in a checkpoint: their nodes as tensors, LightGBM's text to grow on from, and the names of their inputs."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.restore import read_names
from gristmill.estimator.trees.ensemble import Ensemble, empty, parsed

__all__ = ["named_nodes", "read_ensemble", "read_text", "to_save"]

_SCOPE = "boosted_trees/"
_MODEL = f"{_SCOPE}model"
_INPUTS = f"{_SCOPE}inputs"
_OBJECTIVE = "objective="


def named_nodes(ensemble: Ensemble) -> dict[str, tuple[str, Any]]:
    """The name in a checkpoint, and the array, of each field of an ensemble."""
    return {field.name: (f"{_SCOPE}{field.name}", getattr(ensemble, field.name)) for field in fields(ensemble)}


def to_save(text: str, inputs: Sequence[str], units: int) -> dict[str, Any]:
    """What a checkpoint holds of a model of LightGBM.

    Args:
        text: The model; empty where there are no trees.
        inputs: The column of each input.
        units: Logits an example.
    """
    nodes = dict(named_nodes(parsed(text) if text else empty(units)).values())
    return {**nodes, _MODEL: tf.constant(text), _INPUTS: tf.constant(list(inputs))}


def read_ensemble(prefix: str, inputs: Sequence[str]) -> Ensemble:
    """The trees of a checkpoint.

    Args:
        prefix: The checkpoint's name, without `.index`.
        inputs: The column of each input of the model that they are for.

    Raises:
        ArgumentError: It holds no trees, or trees of other inputs.
        IntegrityError: It is not there, cut or changed.
    """
    _check(prefix, inputs)
    return Ensemble(**{f.name: _loaded(prefix, f"{_SCOPE}{f.name}") for f in fields(Ensemble)})


def read_text(prefix: str, inputs: Sequence[str], objective: str) -> str:
    """The model of LightGBM in a checkpoint, as text; empty where no tree has been grown.

    Args:
        prefix: The checkpoint's name, without `.index`.
        inputs: The column of each input of the model that it is for.
        objective: What it was grown for.

    Raises:
        ArgumentError: It holds no trees, or trees of other inputs or for another objective.
        IntegrityError: It is not there, cut or changed.
    """
    _check(prefix, inputs)
    text: str = _loaded(prefix, _MODEL).decode()
    lines = [line for line in text.splitlines() if line.startswith(_OBJECTIVE)]
    if lines and lines[0] != f"{_OBJECTIVE}{objective}":
        raise ArgumentError(
            f"the trees in {prefix} must have been grown for the same objective, {objective!r}. Received: {lines[0]!r}"
        )
    return text


def _check(prefix: str, inputs: Sequence[str]) -> None:
    have = read_names(prefix)
    if _MODEL not in have:
        raise ArgumentError(
            f"the checkpoint {prefix} must hold boosted trees; is it another model's? Received: {', '.join(have)}"
        )
    names = [name.decode() for name in _loaded(prefix, _INPUTS)]
    if names != list(inputs):
        raise ArgumentError(
            f"feature_columns must give the inputs that the trees in {prefix} read, {', '.join(names)}. "
            f"Received: {', '.join(inputs)}"
        )


def _loaded(prefix: str, name: str) -> Any:
    value = tf.train.load_variable(prefix, name)
    return value if isinstance(value, bytes) else np.asarray(value)
