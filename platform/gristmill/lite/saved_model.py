"""Writes a Keras model as a SavedModel whose signatures keep the names of their inputs and outputs."""

import inspect
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gristmill.errors import InputError, WorkError
from gristmill.lite.signature import Signature

if TYPE_CHECKING:
    import keras

__all__ = ["export_saved_model"]


def export_saved_model(model: "keras.layers.Layer", signatures: Sequence[Signature], path: Path) -> Path:
    """Exports a built model (or layer) with one endpoint per signature.

    The model is tracked by Keras' ExportArchive, which is what keeps its weights in the file
    (https://keras.io/api/models/model_saving_apis/export/). The folder appears whole or not at all.

    Args:
        model: A built Keras model that holds every layer that the signatures use.
        signatures: At least one, with different names.
        path: A folder that does not exist yet.

    Raises:
        InputError: if there is no signature, if two have one name, if the model is not built, if a function
            does not return a dict of tensors, or if `path` exists.
    """
    import keras

    names = [signature.name for signature in signatures]
    if not names or len(set(names)) < len(names):
        raise InputError(f"`signatures` must have different names, and at least one. Received: {names}")
    if path.exists():
        raise InputError(f"`path` must not exist yet. Received: {path}")
    if not model.built:
        raise InputError(f"the model must be built before it is exported. Received: {model.name}, not built")
    archive = keras.export.ExportArchive()
    archive.track(model)
    for signature in signatures:
        archive.add_endpoint(signature.name, _by_position(signature), _specs(signature))
    _write(archive, path)
    return path


def _by_position(signature: Signature) -> Callable[..., Mapping[str, Any]]:
    """Wraps the function so that `tf.function` sees one plain parameter per input.

    ExportArchive hands its input signature on by position, and `tf.function` reads parameter names from
    `__signature__`; these become the names in the SavedModel.
    """

    def call(*tensors: Any) -> Mapping[str, Any]:
        outputs = signature.function(**dict(zip(signature.inputs, tensors, strict=True)))
        if not isinstance(outputs, Mapping) or not outputs:
            raise InputError(
                f"the function of signature {signature.name!r} must return a dict of named "
                f"tensors. Received: {type(outputs).__name__}"
            )
        return dict(outputs)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in signature.inputs]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return call


def _specs(signature: Signature) -> list[Any]:
    import tensorflow as tf

    return [tf.TensorSpec(shape, tf.as_dtype(dtype), name=name) for name, (shape, dtype) in signature.inputs.items()]


def _write(archive: Any, path: Path) -> None:
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        archive.write_out(str(partial), verbose=False)
        partial.rename(path)
    except OSError as error:
        raise WorkError(f"{path.name} cannot be written: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
