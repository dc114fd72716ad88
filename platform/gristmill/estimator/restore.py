"""Puts a checkpoint's values into variables by name, those of tf.estimator 2.15 too."""

import json
import logging
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import tensorflow as tf

from gristmill.errors import IntegrityError
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.variables import GLOBAL_STEP

__all__ = ["newest", "read_names", "read_notes", "read_value", "restore"]

_log = logging.getLogger("gristmill")
_OPTIMIZER = "training/"
_RANDOM = "seed_generator_state"
_OWN = "_gristmill/"
_NOTES = f"{_OWN}notes"
_STEPS = "/iter"
"""An optimizer's count of its steps, which 2.15 kept as the global step where there was one optimizer."""


def read_names(prefix: str) -> dict[str, tuple[int, ...]]:
    """The shapes of what a checkpoint holds, by name."""
    shapes = _reader(prefix).get_variable_to_shape_map()
    return {name: tuple(shape) for name, shape in sorted(shapes.items()) if not name.startswith(_OWN)}


def newest(folder: str) -> str | None:
    """The name of the newest checkpoint of a folder, without `.index`; None where there is none.

    Raises:
        ArgumentError: The folder is a file.
        IntegrityError: The file `checkpoint` in it names none that is there.
    """
    if os.path.isfile(folder):
        raise ArgumentError(f"model_dir must be a folder. Received: {folder}, a file")
    listing = os.path.join(folder, "checkpoint")
    with suppress(ValueError):  # of what it cannot make sense of
        if found := tf.train.latest_checkpoint(folder):
            return str(found)
    if os.path.exists(listing):
        with open(listing, "rb") as file:
            came = file.readline(200).decode(errors="replace").strip()
        raise IntegrityError(f"the file {listing} must name a checkpoint that is there. Received: {came!r}")
    return None


def read_value(prefix: str, name: str) -> Any:
    """The array of a name in a checkpoint.

    Raises:
        IntegrityError: It is not there, cut or changed.
    """
    reader = _reader(prefix)
    if not reader.has_tensor(name):
        raise IntegrityError(f"the checkpoint {prefix} must hold `{name}`. Received: one without")
    return _read(prefix, reader, [name])[name]


def read_notes(prefix: str) -> dict[str, Any]:
    """What a checkpoint says of itself; nothing where another program wrote it.

    Raises:
        IntegrityError: It is not there, cut or changed.
    """
    reader = _reader(prefix)
    if not reader.has_tensor(_NOTES):
        return {}
    found: dict[str, Any] = json.loads(_read(prefix, reader, [_NOTES])[_NOTES])
    return found


def restore(prefix: str, variables: Mapping[str, Any], without: Iterable[str] = ()) -> None:
    """Puts in what a checkpoint holds.

    An optimizer's variables (below `training/`) and the states of random generators that it lacks keep their first
    values, which is told: a checkpoint of tf.estimator 2.15 has other ones.

    Args:
        prefix: The checkpoint's name, without `.index`.
        variables: What to fill, by name.
        without: Names that need not be there.

    Raises:
        ArgumentError: A variable is missing there, or has another shape: it is another model's. Nothing is changed then.
        IntegrityError: It is not there, cut or changed.
    """
    reader = _reader(prefix)
    shapes = {name: tuple(shape) for name, shape in reader.get_variable_to_shape_map().items()}
    missing = [name for name in variables if name not in shapes]
    free = set(without)
    needed = [n for n in missing if n not in free and not n.startswith(_OPTIMIZER) and not n.endswith(_RANDOM)]
    if needed:
        have = ", ".join(sorted(name for name in shapes if not name.startswith(_OWN))[:20])
        raise ArgumentError(
            f"the checkpoint {prefix} must hold the variables of this model; is it another model's? "
            f"It lacks {', '.join(needed[:5])}. Received: {have}"
        )
    for name, variable in variables.items():
        if name in shapes and not variable.shape.is_compatible_with(shapes[name]):
            raise ArgumentError(
                f"`{name}` must have the shape {tuple(variable.shape)} of this model; has a vocabulary or a layer's "
                f"width changed? Received: {shapes[name]} in the checkpoint {prefix}"
            )
    values = _read(prefix, reader, [name for name in variables if name in shapes])
    for name, value in values.items():
        variables[name].assign(tf.cast(value, variables[name].dtype))
    for name in missing:
        if name.startswith(_OPTIMIZER) and name.endswith(_STEPS):
            variables[name].assign(tf.cast(values[GLOBAL_STEP], variables[name].dtype))
    kept = [name for name in missing if name not in free and not name.endswith(_STEPS)]
    if kept:
        _log.info("first values are kept for %s, which %s lacks", ", ".join(kept), prefix)


def _reader(prefix: str) -> Any:
    try:
        return tf.train.load_checkpoint(prefix)
    except Exception as error:
        raise IntegrityError(f"the checkpoint {prefix} cannot be read: {str(error).splitlines()[0]}") from error


def _read(prefix: str, reader: Any, names: Iterable[str]) -> dict[str, Any]:
    try:
        return {name: reader.get_tensor(name) for name in names}
    except Exception as error:  # TensorFlow's reader raises what Python happens to map its errors to
        raise IntegrityError(f"the checkpoint {prefix} is cut or changed: {error}") from error
