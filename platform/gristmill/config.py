"""Settings from a preset and `key=value` changes into a frozen pydantic record, with errors that name the field."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from gristmill.errors import InputError, unknown_name

__all__ = ["CheckedRecord", "build_config", "validated"]

Config = TypeVar("Config", bound=BaseModel)


class CheckedRecord(BaseModel):
    """A frozen record that raises `InputError` of a wrong value, where it is made by a program too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _refused(type(self), error) from error


def build_config(kind: type[Config], preset: Mapping[str, Any], overrides: Sequence[str]) -> Config:
    """Builds a config.

    Args:
        kind: The pydantic record.
        preset: Values by dotted key that differ from the defaults.
        overrides: `key=value` texts, stronger than the preset; keys are dotted, values are read as YAML.

    Raises:
        InputError: A text is no `key=value`, a key is not known, or a value breaks a rule of its field.
    """
    values: dict[str, Any] = {}
    for key, value in [*preset.items(), *map(_split, overrides)]:
        _put(values, kind, key, value)
    return validated(kind, values)


def validated(kind: type[Config], values: Mapping[str, Any]) -> Config:
    """The record of these values; one that breaks a rule raises `InputError` with the field, the rule and what came."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise _refused(kind, error) from error


def _refused(kind: type[BaseModel], error: ValidationError) -> InputError:
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return unknown_name("setting", key, _keys(kind))
    rule = first["msg"].removeprefix("Value error, ")
    if not key:  # a rule of the whole record says itself what came
        return InputError(rule)
    return InputError(f"setting `{key}`: {rule}. Received: {first['input']!r}")


def _split(text: str) -> tuple[str, Any]:
    import yaml

    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InputError(f"--set takes key=value. Received: {text!r}")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise InputError(f"setting `{key}`: not a YAML value: {value!r}") from error


def _put(values: dict[str, Any], kind: type[BaseModel], key: str, value: Any) -> None:
    *path, last = key.split(".")
    place, fields = values, kind
    for step in path:
        if step not in fields.model_fields:
            raise unknown_name("setting", key, _keys(kind))
        inner = _inner(fields, step)
        if inner is None:
            raise InputError(f"setting `{key}`: `{step}` has no settings of its own")
        place, fields = place.setdefault(step, {}), inner
        if not isinstance(place, dict):
            raise InputError(f"setting `{key}`: `{step}` must hold settings. Received: {place!r}")
    if last not in fields.model_fields:
        raise unknown_name("setting", key, _keys(kind))
    place[last] = value


def _inner(kind: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The record that a field holds, or None where it holds a plain value."""
    annotation = kind.model_fields[name].annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _keys(kind: type[BaseModel]) -> list[str]:
    """The dotted keys of all plain values."""
    made = []
    for name in kind.model_fields:
        inner = _inner(kind, name)
        made += [f"{name}.{key}" for key in _keys(inner)] if inner else [name]
    return made
