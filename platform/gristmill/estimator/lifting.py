"""Values of tensors of a graph that is being traced, computed at once."""

from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError

__all__ = ["computed", "is_symbolic"]


def is_symbolic(value: Any) -> bool:
    """Whether it is a tensor of a graph, which has no value yet."""
    return tf.is_tensor(value) and not hasattr(value, "numpy")


def computed(tensor: Any, what: str) -> Any:
    """The value of a tensor of a graph that no batch enters, as an array.

    Args:
        tensor: The tensor.
        what: What it is, for the text of an error.

    Raises:
        ArgumentError: A batch or a variable enters it.
    """
    definition, wanted = tensor.graph.as_graph_def(), tensor.name
    needed = _above(definition, tensor.op.name)
    inputs = [node.name for node in needed.node if node.op in ("Placeholder", "PlaceholderWithDefault")]
    if inputs:
        raise ArgumentError(
            f"{what} must not depend on a batch or on another variable. Received: {wanted}, from {', '.join(inputs)}"
        )
    with tf.init_scope():
        run = tf.compat.v1.wrap_function(
            lambda: tf.graph_util.import_graph_def(needed, return_elements=[wanted])[0], []
        )
        return run().numpy()


def _above(definition: Any, name: str) -> Any:
    """The part of a graph that an operation needs."""
    nodes = {node.name: node for node in definition.node}
    kept: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in kept:
            kept.add(current)
            waiting += [text.lstrip("^").partition(":")[0] for text in nodes[current].input]
    part = tf.compat.v1.GraphDef(library=definition.library, versions=definition.versions)
    part.node.extend(node for node in definition.node if node.name in kept)
    return part
