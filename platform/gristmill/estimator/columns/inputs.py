"""What the inputs of a linear model, of a network and of a recurrent network have in common."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from gristmill.estimator.columns.features import Features, Reader
from gristmill.estimator.columns.kinds import OWN
from gristmill.estimator.columns.own import OwnColumns
from gristmill.estimator.columns.state import Shared, State

__all__ = ["ColumnInput"]


class ColumnInput:
    """Columns with their variables and look-up tables, made once.

    Args:
        columns: In the order in which they are read.
        scope: What the names of variables begin with.
        units: Numbers a record that gristmill's columns give to a linear model; None for a network.
        shared: What other inputs of the same model share.

    Attributes:
        theirs: TensorFlow's columns, in a form that finds its variables here.
    """

    def __init__(self, columns: Sequence[Any], scope: str, units: int | None, shared: Shared | None) -> None:
        self.state = State(scope, shared)
        self.read = Reader(columns)
        self.theirs = [self.state.prepare(column) for column in columns if not isinstance(column, OWN)]
        own = [column for column in columns if isinstance(column, OWN)]
        self._own = OwnColumns(own, units) if own else None
        if self._own:
            last = "embedding_weights" if units is None else "weights"
            self.state.named |= {f"{scope}/{name}/{last}": weight for name, weight in self._own.weights.items()}

    def own_tensors(self, features: Features) -> dict[str, Any]:
        """`[batch, width]` of each of gristmill's columns, by its name."""
        return self._own(features) if self._own else {}

    @property
    def variables(self) -> list[tf.Variable]:
        """The variables that were made here; a shared table belongs to the input that was made first."""
        return list(self.state.named.values())

    @property
    def trainable_variables(self) -> list[tf.Variable]:
        """Those that training changes."""
        return [variable for variable in self.variables if variable.trainable]

    @property
    def words(self) -> Mapping[str, str]:
        """The fingerprints of the columns' vocabularies, by features."""
        return self.read.words

    @property
    def names(self) -> list[str]:
        """The names of `variables` in a checkpoint of tf.estimator."""
        return list(self.state.named)
