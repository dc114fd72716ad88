"""Messages of JSON catalogues: texts under names, at any depth, or lists of texts under the program's own (Jed)."""

import json
from typing import Any

from apps.translation.sources.gettext_files import Message, Messages
from gristmill.errors import InputError

__all__ = ["read_json_messages"]

_MOST_DEPTH = 50


def read_json_messages(content: bytes) -> Messages:
    """Messages by the path of their names.

    Raises:
        InputError: It is no JSON object.
    """
    try:
        loaded = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"a catalogue must be JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise InputError(f"a catalogue must be a JSON object. Received: {type(loaded).__name__}")
    made: Messages = {}
    _gather(loaded, "", made, 0)
    return made


def _gather(values: dict[str, Any], path: str, made: Messages, depth: int) -> None:
    for name, value in values.items():
        key = f"{path}/{name}"
        if isinstance(value, str):
            made[key] = Message("", value)
        elif isinstance(value, dict) and depth < _MOST_DEPTH:
            _gather(value, key, made, depth + 1)
        elif isinstance(value, list) and name and value and all(isinstance(text, str) for text in value):
            made[key] = Message(name.rpartition("\x04")[2], value[0])
