"""Reads a saved Keras model, and runs the file that built it only where it has parts of its own."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from gristmill.errors import InputError
from gristmill.workflow.keras_source import KerasSource

if TYPE_CHECKING:
    import keras

__all__ = ["read_keras"]

_UNKNOWN = re.compile(r"Could not locate (\w+) '([^']+)'")


def read_keras(path: Path, source: KerasSource) -> "keras.Model":
    """The model with its loss and metrics; one whose loss cannot be read is not compiled.

    Args:
        path: The `.keras` file.
        source: The file that built the model.

    Raises:
        InputError: The model has parts of its own, and the source is missing, has changed or does not define them.
    """
    import keras

    try:
        return keras.saving.load_model(path)
    except Exception as error:  # whatever Keras and the model's own parts raise is what is wrong with it
        _define(path, source, error)
    try:
        return keras.saving.load_model(path)
    except Exception as error:  # as above
        wrong = error
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception:  # as above; the first tells more
        raise InputError(f"{path.name} cannot be read: {_cause(wrong)}") from wrong


def _define(path: Path, source: KerasSource, why: Exception) -> None:
    try:
        source.run()
    except InputError as error:
        raise InputError(
            f"{path.name} cannot be read without the file that built it ({_cause(why)}), and {error}"
        ) from why


def _cause(error: Exception) -> str:
    """What of the model Keras does not know, or the start of what it says."""
    text = str(error)
    unknown = _UNKNOWN.search(text)
    return f"unknown {unknown[1]} {unknown[2]}" if unknown else (text.splitlines() or [""])[0].split(". ")[0]
