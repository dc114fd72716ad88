"""Names of variables that are the same in every process that builds the same model."""

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["path_of", "stable_names"]

_NUMBERED = re.compile(r"_\d+$")


def stable_names(variables: Sequence[Any]) -> list[str]:
    """A name for each variable, from its path.

    Keras numbers layers through the whole process, so that the second model built has `dense_3` where the first had
    `dense`. Here the numbers count within the variables given, in their order: the same structure gets the same names.

    Args:
        variables: Keras variables or `tf.Variable`s.
    """
    numbers: dict[tuple[str, str], dict[str, int]] = {}
    used: dict[str, int] = {}
    made = []
    for variable in variables:
        parts = path_of(variable).split("/")
        name = "/".join(_numbered(numbers, "/".join(parts[:depth]), part) for depth, part in enumerate(parts))
        used[name] = used.get(name, 0) + 1
        made.append(name if used[name] == 1 else f"{name}#{used[name]}")
    return made


def path_of(variable: Any) -> str:
    """Where a Keras variable or a `tf.Variable` stands, such as `dense/kernel`."""
    return variable.path if hasattr(variable, "path") else variable.name.partition(":")[0]


def _numbered(numbers: dict[tuple[str, str], dict[str, int]], parent: str, part: str) -> str:
    base = _NUMBERED.sub("", part)
    seen = numbers.setdefault((parent, base), {})
    number = seen.setdefault(part, len(seen))
    return f"{base}_{number}" if number else base
