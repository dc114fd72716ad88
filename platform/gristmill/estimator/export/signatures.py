"""The signatures of a traced model: which outputs can be computed from which fed tensors, each a function of its own."""

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export.outputs import ExportOutput

__all__ = ["Signature", "signatures_of"]

_log = logging.getLogger("gristmill")


class Signature(NamedTuple):
    """One signature of a SavedModel."""

    function: Any
    """Concrete function of the named inputs that gives the named outputs."""
    method_name: str
    """The kind of request that TensorFlow Serving answers with it."""


def signatures_of(
    whole: Any, receiver: Any, outputs: Mapping[str, ExportOutput], also: Any = None
) -> dict[str, Signature]:
    """Makes the signatures that the receiver can feed; the log tells of those that it cannot.

    Args:
        whole: Wrapped function in whose graph receiver and outputs are.
        receiver: A `ServingInputReceiver` or its like.
        outputs: Key of a signature -> what it gives.
        also: Operation that each signature runs besides.

    Returns:
        Key of a signature, or `NAME:KEY` for an alternative of the receiver -> the signature.
    """
    found = {}
    for key, output, receiver_tensors in _wanted(receiver, outputs):
        try:
            inputs, named = output.signature_inputs(receiver_tensors), output.signature_outputs()
            _check_fed(whole, inputs, named)
        except ArgumentError as error:
            _log.info("signature %r is left out of the export: %s", key, error)
        else:
            found[key] = Signature(_function(whole, inputs, named, also), output.method_name)
    return found


def _wanted(receiver: Any, outputs: Mapping[str, ExportOutput]) -> Iterator[tuple[str, ExportOutput, dict[str, Any]]]:
    for key, output in outputs.items():
        yield key, output, receiver.receiver_tensors
    for name, tensors in (getattr(receiver, "receiver_tensors_alternatives", None) or {}).items():
        for key, output in outputs.items():
            yield f"{name}:{key}", output, tensors


def _check_fed(whole: Any, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
    """Raises where an output needs a placeholder that is not among the inputs."""
    for name, tensor in inputs.items():
        if not isinstance(tensor, tf.Tensor):
            raise ArgumentError(f"receiver tensor `{name}` must be dense. Received: {tensor!r}")
    fed = {tensor.name for tensor in [*inputs.values(), *whole.inputs]}
    seen = set()
    waiting = [tensor.op for tensor in outputs.values() if tensor.name not in fed]
    while waiting:
        op = waiting.pop()
        if op.name in seen:
            continue
        seen.add(op.name)
        if op.type == "Placeholder" and op.outputs[0].name not in fed:
            raise ArgumentError(
                f"outputs {sorted(outputs)} must be computable from the receiver tensors {sorted(inputs)}. "
                f"Received: a model that also needs placeholder {op.name!r}"
            )
        waiting += [*op.control_inputs, *(tensor.op for tensor in op.inputs if tensor.name not in fed)]


def _function(whole: Any, inputs: Mapping[str, Any], outputs: Mapping[str, Any], also: Any) -> Any:
    """Cuts the part of the graph from inputs to outputs out as a concrete function."""
    part = whole.prune(list(inputs.values()), [list(outputs.values()), [] if also is None else [also]])

    def signature(*tensors: Any) -> dict[str, Any]:
        values = dict(zip(outputs, part(*tensors)[0], strict=True))
        for name, value in values.items():
            value.set_shape(outputs[name].shape)
        return values

    specs = [tf.TensorSpec(tensor.shape, tensor.dtype, _input_name(name)) for name, tensor in inputs.items()]
    return tf.function(signature, autograph=False).get_concrete_function(*specs)


def _input_name(name: str) -> str:
    """Puts `_` for what a graph's names may not hold."""
    spelled = re.sub(r"[^A-Za-z0-9_.\\/>-]", "_", name)
    spelled = spelled if re.match(r"[A-Za-z0-9.]", spelled) else f"arg{spelled}"
    if spelled != name:
        _log.info("receiver tensor %r is named %r in the export", name, spelled)
    return spelled
