"""SavedModels of TensorFlow 2 with the signatures of tf.estimator's exports."""

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.framework.auto_control_deps import AutomaticControlDependencies
from tensorflow.python.trackable.resource import ResourceTracker, resource_tracker_scope

from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.export.folders import copy_extra_assets, timestamped_folder
from gristmill.estimator.export.outputs import ExportOutput
from gristmill.estimator.export.signatures import Signature, signatures_of
from gristmill.estimator.mode import ModeKeys

__all__ = ["Part", "export_model", "export_modes"]

_log = logging.getLogger("gristmill")

Outputs = Mapping[str, ExportOutput]


class Part(NamedTuple):
    """What one mode brings into a SavedModel."""

    call: Callable[..., Outputs]
    """Runs the model on symbolic features, and on labels where the mode has them: key of a signature -> outputs."""
    receiver_fn: Callable[[], Any]
    """Makes placeholders and features: a `ServingInputReceiver`, or a `SupervisedInputReceiver` where there are labels."""


def export_model(
    call: Callable[[Any], Outputs],
    receiver_fn: Callable[[], Any],
    export_dir_base: Any,
    variables: Mapping[str, Any],
    *,
    assets_extra: Mapping[str, Any] | None = None,
    as_text: bool = False,
) -> bytes:
    """Writes a model for serving; arguments as those of `export_modes`, `call` with features alone."""
    parts = {ModeKeys.PREDICT: Part(call, receiver_fn)}
    return export_modes(parts, export_dir_base, variables, assets_extra=assets_extra, as_text=as_text)


def export_modes(
    parts: Mapping[str, Part],
    export_dir_base: Any,
    variables: Mapping[str, Any],
    *,
    assets_extra: Mapping[str, Any] | None = None,
    as_text: bool = False,
) -> bytes:
    """Writes a SavedModel into a new folder `BASE/SECONDS`.

    All modes stand in one graph under the tag `serve`, so that the keys of their signatures must differ. A signature of
    the modes TRAIN and EVAL also does all that the model does in that mode, such as to assign to variables.

    Args:
        parts: Mode -> what it brings.
        export_dir_base: The folder of all exports.
        variables: Name -> variable whose value is saved; read when all parts have been traced.
        assets_extra: Path below `assets.extra` -> file to copy.
        as_text: Whether the graph is written as text.

    Returns:
        The folder.

    Raises:
        ArgumentError: If there is no part, or two modes have a signature of the same key.
        KindError: If a receiver function returns something else than a receiver.
    """
    if not parts:
        raise ArgumentError("at least one mode must be given to export. Received: none")
    tracker = ResourceTracker()  # keeps the tables that are made in a trace, which TensorFlow does by no public name
    signatures: dict[str, Signature] = {}
    with resource_tracker_scope(tracker):
        for mode, part in parts.items():
            _add(signatures, _traced(mode, part))
    _report(signatures)
    functions = {key: signature.function for key, signature in signatures.items()}
    module = tf.Module()
    module.weights = {name: _raw(variable) for name, variable in variables.items()}
    module.resources = [*tracker.resources, *_captured(functions.values())]
    with timestamped_folder(os.fsdecode(export_dir_base)) as (partial, final):
        options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)  # some capture tensors of the graph
        tf.saved_model.save(module, partial, functions, options)
        _rewrite(partial, signatures, as_text)
        copy_extra_assets(partial, assets_extra or {})
    return os.fsencode(final)


def _traced(mode: str, part: Part) -> dict[str, Signature]:
    """Traces a part, and makes its signatures."""
    made: dict[str, Any] = {}

    def trace() -> Any:
        receiver = made["receiver"] = part.receiver_fn()
        if not hasattr(receiver, "receiver_tensors"):
            raise KindError(f"a receiver function must return a receiver of inputs. Received: {receiver!r}")
        if mode == ModeKeys.PREDICT:
            made["outputs"] = part.call(receiver.features)
            return tf.constant(0)
        with AutomaticControlDependencies() as ordered:
            made["outputs"] = part.call(receiver.features, getattr(receiver, "labels", None))
            end = ordered.mark_as_return(tf.constant(0))
        made["also"] = end.op
        return end

    whole = tf.compat.v1.wrap_function(trace, [])
    return signatures_of(whole, made["receiver"], made["outputs"], made.get("also"))


def _add(signatures: dict[str, Signature], more: Mapping[str, Signature]) -> None:
    twice = sorted(signatures.keys() & more.keys())
    if twice:
        raise ArgumentError(f"the signatures of all modes must have different keys. Received twice: {twice}")
    signatures.update(more)


def _report(signatures: Iterable[str]) -> None:
    keys = sorted(signatures)
    if not keys:
        _log.warning("the export has no signatures")
    elif tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY not in keys:
        _log.warning("the export has no default signature; it has %s", ", ".join(keys))
    else:
        _log.info("the export has the signatures %s", ", ".join(keys))


def _raw(variable: Any) -> Any:
    """The TensorFlow variable within one of Keras."""
    return variable if isinstance(variable, tf.Variable) else variable.value


def _captured(functions: Iterable[Any]) -> list[Any]:
    """The variables and tables that functions use."""
    captured = {id(handle): handle for function in functions for handle in function.captured_inputs}
    owners = [getattr(handle, "_parent_trackable", lambda: None)() for handle in captured.values()]
    return [owner for owner in owners if owner is not None]


def _rewrite(folder: str, signatures: Mapping[str, Signature], as_text: bool) -> None:
    """Sets the methods that TensorFlow Serving goes by, which `tf.saved_model.save` knows only one of."""
    path = os.path.join(folder, "saved_model.pb")
    with tf.io.gfile.GFile(path, "rb") as stream:
        saved = SavedModel.FromString(stream.read())
    for meta_graph in saved.meta_graphs:
        for key, signature in signatures.items():
            meta_graph.signature_def[key].method_name = signature.method_name
    tf.io.gfile.remove(path)
    tf.io.gfile.remove(os.path.join(folder, "fingerprint.pb"))  # it is that of the file as it was
    if as_text:
        with tf.io.gfile.GFile(os.path.join(folder, "saved_model.pbtxt"), "w") as stream:
            stream.write(text_format.MessageToString(saved))
    else:
        with tf.io.gfile.GFile(path, "wb") as stream:
            stream.write(saved.SerializeToString(deterministic=True))
