"""Names for variables of a traced graph, other than those that they were made with, and what is kept beside variables."""

from typing import Any

import tensorflow as tf

__all__ = ["give_name", "given_names", "keep", "kept"]

_COLLECTION, _KEPT = "gristmill/names", "gristmill/kept"


def give_name(variable: tf.Variable, name: str) -> None:
    """Names a variable in checkpoints of the model function that is being traced."""
    tf.compat.v1.get_default_graph().add_to_collection(_COLLECTION, (variable, name))


def given_names(graph: Any) -> dict[int, str]:
    """The names given in a graph, by the variable's id."""
    return {id(variable): name for variable, name in graph.get_collection(_COLLECTION)}


def keep(state: Any, name: str) -> None:
    """Lets checkpoints of the model function that is being traced hold something beside variables.

    Args:
        state: Has `shape`, `dtype`, `trainable`, `assign` and `numpy`, and becomes a tensor, as a variable does.
        name: Its name in checkpoints.
    """
    tf.compat.v1.get_default_graph().add_to_collection(_KEPT, (state, name))


def kept(graph: Any) -> dict[str, Any]:
    """What is kept beside the variables of a graph, by name."""
    return {name: state for state, name in graph.get_collection(_KEPT)}
