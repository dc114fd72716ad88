"""Names for variables of a traced graph, other than those that they were made with."""

from typing import Any

import tensorflow as tf

__all__ = ["give_name", "given_names"]

_COLLECTION = "gristmill/names"


def give_name(variable: tf.Variable, name: str) -> None:
    """Names a variable in checkpoints of the model function that is being traced."""
    tf.compat.v1.get_default_graph().add_to_collection(_COLLECTION, (variable, name))


def given_names(graph: Any) -> dict[int, str]:
    """The names given in a graph, by the variable's id."""
    return {id(variable): name for variable, name in graph.get_collection(_COLLECTION)}
