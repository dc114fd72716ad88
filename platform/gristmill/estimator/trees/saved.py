"""Boosted trees in a checkpoint: their nodes as tensors, LightGBM's text to grow on from, and the names of their inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.provenance import check_words
from gristmill.estimator.restore import read_names, read_value
from gristmill.estimator.trees.ensemble import Ensemble, empty, parsed
from gristmill.estimator.trees.settings import Objective

__all__ = ["SavedTrees", "ensemble_of", "named_nodes"]

_SCOPE = "boosted_trees/"
_MODEL = f"{_SCOPE}model"
_INPUTS = f"{_SCOPE}inputs"
_OBJECTIVE = "objective="


def named_nodes(ensemble: Ensemble) -> dict[str, tuple[str, Any]]:
    """The name in a checkpoint, and the array, of each field of an ensemble."""
    return {field.name: (f"{_SCOPE}{field.name}", getattr(ensemble, field.name)) for field in fields(ensemble)}


def ensemble_of(tensors: Mapping[str, Any]) -> Ensemble:
    """The ensemble of what a checkpoint holds, by name."""
    return Ensemble(**{field.name: np.asarray(tensors[f"{_SCOPE}{field.name}"]) for field in fields(Ensemble)})


@dataclass(frozen=True)
class SavedTrees:
    """Writes and reads the trees of one model."""

    inputs: Sequence[str]
    """`[width]`: the column of each input."""
    objective: Objective
    """What the trees are grown for."""
    words: Mapping[str, str] = field(default_factory=dict)
    """The vocabularies of the columns."""

    def tensors(self, text: str) -> dict[str, Any]:
        """What a checkpoint holds of a model of LightGBM, whose text is empty where there are no trees."""
        ensemble = parsed(text) if text else empty(self.objective.units)
        return {
            **dict(named_nodes(ensemble).values()),
            _MODEL: tf.constant(text),
            _INPUTS: tf.constant(list(self.inputs)),
        }

    def ensemble(self, prefix: str | None) -> Ensemble:
        """The trees of a checkpoint; those that say 0 where there is none.

        Raises:
            ArgumentError: It holds no trees, or trees of another model.
            IntegrityError: It is not there, cut or changed.
        """
        if prefix is None:
            return empty(self.objective.units)
        self.text(prefix)
        names = [f"{_SCOPE}{field.name}" for field in fields(Ensemble)]
        return ensemble_of({name: read_value(prefix, name) for name in names})

    def text(self, prefix: str) -> str:
        """The model of LightGBM in a checkpoint, as text; empty where no tree has been grown.

        Raises:
            ArgumentError: It holds no trees, or trees of other inputs or words or for another objective.
            IntegrityError: It is not there, cut or changed.
        """
        have = read_names(prefix)
        if _MODEL not in have:
            raise ArgumentError(
                f"the checkpoint {prefix} must hold boosted trees; is it another model's? Received: {', '.join(have)}"
            )
        names = [name.decode() for name in read_value(prefix, _INPUTS)]
        if names != list(self.inputs):
            raise ArgumentError(
                f"feature_columns must give the inputs that the trees in {prefix} read, {', '.join(names)}. "
                f"Received: {', '.join(self.inputs)}"
            )
        check_words(prefix, self.words)
        text: str = read_value(prefix, _MODEL).decode()
        lines = [line for line in text.splitlines() if line.startswith(_OBJECTIVE)]
        if lines and lines[0] != f"{_OBJECTIVE}{self.objective.text}":
            raise ArgumentError(
                f"the trees in {prefix} must have been grown for {self.objective.text!r}; are they another model's? "
                f"Received: {lines[0]!r}"
            )
        return text
