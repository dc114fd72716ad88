"""Copies of a Keras model: the same layers with variables of their own, which begin with the same values."""

import inspect
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras
from keras.src.models.functional import Functional, functional_like_constructor
from keras.src.utils.naming import to_snake_case
from keras.src.utils.python_utils import is_default

from gristmill.estimator.errors import ArgumentError

__all__ = ["Copies", "weight_names"]

_BASE = {"args", "kwargs", "name", "trainable", "dtype"}


class Copies:
    """Makes copies of a model as it is now.

    Args:
        model: A sequential or functional model, or one whose class makes it from its config.
        custom_objects: Classes and functions by the names that configs have for them.
    """

    def __init__(self, model: keras.Model, custom_objects: Mapping[str, Any] | None) -> None:
        self._model, self._objects = model, dict(custom_objects or {})
        self._values = [_values(layer) for layer in model._flatten_layers()] if model.built else None

    def make(self) -> keras.Model:
        """A copy that is not compiled, built where the model was.

        Raises:
            ArgumentError: The model cannot be made again, or its copy has other layers.
        """
        with keras.saving.custom_object_scope(self._objects):
            copy = _again(self._model)
            if self._values is not None:
                _fill(copy, self._model, self._values)
        return copy


def weight_names(model: keras.Model) -> dict[str, keras.Variable]:
    """The weights by name, `dense/kernel`, as `tf.keras` named them in the first model of a process.

    Keras numbers layers without a name of their own through the whole process; here their numbers count within the model.
    """
    renamed = _renamed(model)
    above = [] if isinstance(model, keras.Sequential | Functional) else [model.name]
    named: dict[str, keras.Variable] = {}
    for weight in model.weights:
        *path, last = weight.path.removeprefix(f"{model.name}/").split("/")
        name = base = "/".join([*(renamed.get(part, part) for part in above + path), last])
        number = 0
        while name in named:
            number += 1
            name = f"{base}_{number}"
        named[name] = weight
    return named


def _again(model: keras.Model) -> keras.Model:
    """A copy with first values."""
    plain = isinstance(model, Functional) and functional_like_constructor(type(model))
    try:
        if plain or type(model) is keras.Sequential:
            with _not_compiled(model):
                return keras.models.clone_model(model)
        return _from_config(model)
    except Exception as error:  # a constructor of the user's may raise anything
        raise ArgumentError(
            "a model must be sequential, functional, or of a class with `get_config` and `from_config`, and `custom_objects` "
            f"must hold what these name. Received: {type(model).__name__}; {error}"
        ) from error


def _from_config(model: keras.Model) -> keras.Model:
    """Another object of a model's class.

    Keras' own `get_config` gives the defaults of a model's constructor, not what it was called with.
    """
    own = [name for name in inspect.signature(type(model).__init__).parameters if name != "self"]
    if is_default(model.get_config):
        if set(own) - _BASE:
            raise ArgumentError(f"its constructor takes {', '.join(own)}, and it has no `get_config`")
        return type(model)()
    config = model.get_config()
    try:
        return type(model).from_config(config)
    except TypeError:  # its constructor does not take the `name`, `trainable` and `dtype` that Keras adds
        return type(model)(**{name: value for name, value in config.items() if name in own})


@contextmanager
def _not_compiled(model: keras.Model) -> Iterator[None]:
    """While open, a copy does not take over the loss and metrics, which cannot always be made from a config."""
    before = model.compiled
    model.compiled = False
    try:
        yield
    finally:
        model.compiled = before


def _values(layer: Any) -> dict[str, Any]:
    """What a layer's own variables hold, as arrays: to read variables in a trace would make them part of it."""
    values: dict[str, Any] = {}
    layer.save_own_variables(values)
    return {name: keras.ops.convert_to_numpy(value) for name, value in values.items()}


def _fill(copy: keras.Model, model: keras.Model, values: Sequence[dict[str, Any]]) -> None:
    """Puts in the values of each layer, and what it keeps beside them, such as a vocabulary."""
    _build_like(model, copy)
    layers, copies = model._flatten_layers(), copy._flatten_layers()
    if [type(layer) for layer in layers] != [type(layer) for layer in copies]:
        raise ArgumentError(
            "the class of a model must make the same layers from its config. Received: "
            f"{', '.join(layer.name for layer in layers)}, and then {', '.join(layer.name for layer in copies)}"
        )
    for layer, other, own in zip(layers, copies, values, strict=True):
        _build_like(layer, other)
        other.load_own_variables(own)
        if hasattr(layer, "save_assets"):
            with tempfile.TemporaryDirectory() as folder:
                layer.save_assets(folder)
                other.load_assets(folder)


def _build_like(layer: Any, other: Any) -> None:
    if layer.built and not other.built:
        other.build_from_config(layer.get_build_config())


def _renamed(model: keras.Model) -> dict[str, str]:
    """The names that Keras numbered, with the numbers that they get within the model."""
    numbers: dict[str, set[int]] = {}
    for layer in model._flatten_layers():
        kind = to_snake_case(type(layer).__name__)
        found = re.fullmatch(rf"{kind}(?:_(\d+))?", layer.name)
        if found:
            numbers.setdefault(kind, set()).add(int(found[1] or 0))
    return {
        _numbered(kind, old): _numbered(kind, new)
        for kind, known in numbers.items()
        for new, old in enumerate(sorted(known))
    }


def _numbered(kind: str, number: int) -> str:
    return f"{kind}_{number}" if number else kind
