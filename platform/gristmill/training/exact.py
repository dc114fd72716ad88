"""Whether a step that goes on from a checkpoint can be the same to the last bit."""

from typing import Any

from gristmill.errors import InputError
from gristmill.training.step import Step
from gristmill.training.values import raw

__all__ = ["check_exact"]

_RANDOM = ("Random", "Sampler", "Multinomial", "TruncatedNormal")


def check_exact(step: Step, batch: Any) -> None:
    """Refuses a step of which a checkpoint would not hold everything.

    Raises:
        InputError: It draws random numbers from a state that cannot be saved, or uses a variable that is neither trained
            nor given as `state`.
    """
    function = step.graph.get_concrete_function(batch)
    graph = function.graph
    for operation in _operations(graph):
        if operation.op_def.is_stateful and any(word in operation.type for word in _RANDOM):
            raise InputError(
                "random numbers must come from `keras.random` with a `SeedGenerator`, or a stateless function of "
                f"TensorFlow, so that training can go on where it stopped. Received: {operation.type} ({operation.name})"
            )
    known = {id(raw(variable)) for variable in step.named().values()}
    for variable in graph.variables:
        if id(variable) not in known:
            raise InputError(
                "each variable that a step uses must be trained or stand in `state`, so that training can go on where "
                f"it stopped. Received: {variable.name}, shape {tuple(variable.shape)}"
            )


def _operations(graph: Any) -> list[Any]:
    made, waiting, seen = [], [graph], set()
    while waiting:
        current = waiting.pop()
        made += current.get_operations()
        for name, function in current._functions.items():
            if name not in seen:
                seen.add(name)
                waiting.append(function.graph if hasattr(function, "graph") else function)
    return made
