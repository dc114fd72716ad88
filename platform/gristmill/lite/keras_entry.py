"""A Keras model of named inputs as one signature, so that it can be exported without a function of one's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from gristmill.errors import InputError
from gristmill.lite.conversion import convert_all
from gristmill.lite.float32 import half_layers
from gristmill.lite.formats import choose_formats
from gristmill.lite.lookups import Lookup, find_lookups, without_lookups
from gristmill.lite.saved_model import export_saved_model
from gristmill.lite.signature import Signature

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

__all__ = ["KerasEntry", "convert_keras", "keras_entry"]


@dataclass(frozen=True)
class KerasEntry:
    """How a model is called where it is deployed: one record a call, by the names of its inputs.

    Attributes:
        signature: The function to export. An input that the model looks up in a vocabulary comes as its index, int64.
        model: The model that it calls, which begins after the lookups.
        lookups: What gives these indices, by input.
    """

    signature: Signature
    model: "keras.Model"
    lookups: Mapping[str, Lookup]

    def request(self, features: Mapping[str, Any]) -> "dict[str, NDArray[Any]]":
        """One record, each feature as the whole model takes it in a batch of one, as inputs of the signature."""
        made = {}
        for name, (shape, dtype) in self.signature.inputs.items():
            look_up = self.lookups.get(name, np.asarray)
            made[name] = look_up(features[name]).astype(dtype).reshape(shape)
        return made

    @property
    def assets(self) -> dict[str, bytes]:
        """`NAME.txt` for each input that is looked up: line i, from 0, is index i."""
        return {f"{name}.txt": lookup.vocabulary() for name, lookup in self.lookups.items()}


def keras_entry(model: "keras.Model", name: str = "predict") -> KerasEntry:
    """The signature of a model that has `keras.Input`s; their names are its inputs.

    A single output is called `output`, several by their keys or by their layers. A `StringLookup` or `IntegerLookup` that
    reads an input stays outside, since lite files hold no tables: its vocabulary travels as an asset.

    Args:
        model: A functional or sequential model.
        name: Name of the signature.

    Raises:
        InputError: The model has no such inputs, one has no fixed shape or is text that no such layer reads, or a layer
            computes in 16 bits.
    """
    import keras

    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise InputError(
            f"a model must have inputs made by keras.Input to be exported by their names. Received: {model.name}, a "
            f"{type(model).__name__} without; `export_saved_model` takes one with a Signature"
        )
    halves = half_layers(model)
    if halves:
        raise InputError(
            "a model must compute in float32 to be exported, as `save_float32` saves it. Received: "
            f"{', '.join(halves[:5])} in 16 bits"
        )
    if isinstance(model, keras.Sequential):
        model = keras.Model(inputs[0], model.outputs[0])
    lookups = find_lookups(model)
    core = without_lookups(model, lookups) if lookups else model

    def predict(**tensors: Any) -> dict[str, Any]:
        ordered = [tensors[one.name] for one in inputs]
        given = ordered if lookups else keras.tree.pack_sequence_as(model.input, ordered)
        return _named(model, core(given, training=False))

    kinds = {one.name: _kind(one, one.name in lookups) for one in inputs}
    return KerasEntry(Signature(name, predict, kinds), core, lookups)


def convert_keras(
    model: "keras.Model", out_dir: Path | str, stem: str = "model", formats: str = "auto"
) -> dict[str, Path]:
    """Converts a Keras model as `keras_entry` calls it, its vocabularies inside, to `out_dir/STEM-FORMAT.tflite`.

    Args:
        model: A functional or sequential model, built.
        out_dir: Folder of the files.
        stem: How their names begin.
        formats: `auto` for all, or names with commas.

    Returns:
        The files by format. Errors are those of `keras_entry`, `export_saved_model` and `convert_jobs`.
    """
    chosen, entry = choose_formats(formats), keras_entry(model)
    with TemporaryDirectory(prefix="gristmill-lite-") as folder:
        saved = export_saved_model(entry.model, [entry.signature], Path(folder) / "saved_model")
        return convert_all(saved, Path(out_dir), stem, chosen, entry.assets)


def _kind(one: Any, looked_up: bool) -> tuple[tuple[int, ...], str]:
    if None in one.shape[1:]:
        raise InputError(f"the input `{one.name}` must have a fixed shape to be exported. Received: {one.shape}")
    if one.dtype == "string" and not looked_up:
        raise InputError(
            f"the input `{one.name}` is text, which only one StringLookup with at most one index for unknown terms may "
            "read where a model is exported. Received: a model where something else does"
        )
    return (1, *one.shape[1:]), "int64" if looked_up else str(one.dtype)


def _named(model: "keras.Model", outputs: Any) -> dict[str, Any]:
    if isinstance(outputs, Mapping):
        return dict(outputs)
    if isinstance(outputs, list | tuple):
        return dict(zip(model.output_names, outputs, strict=True))
    return {"output": outputs}
