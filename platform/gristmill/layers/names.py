"""Names of layers and scopes: which are allowed, which are free, and how Keras shows them."""

import difflib
import re
from collections.abc import Callable, Iterable

from gristmill.errors import InputError

__all__ = ["checked", "free", "joined", "keras_name", "near"]

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]*")


def checked(kind: str, name: object) -> str:
    """The name, if it is made of parts that `/` joins.

    Args:
        kind: What is named: "layer" or "scope".
        name: What the user gave.

    Raises:
        InputError: A part is empty, or has other characters than letters, digits, `_` and `-`.
    """
    if isinstance(name, str) and all(_PART.fullmatch(part) for part in name.split("/")):
        return name
    raise InputError(
        f"the name of a {kind} must be parts joined by '/', each of letters, digits, '_' and '-', "
        f"a letter or digit first. Received: name={name!r}"
    )


def joined(*parts: str) -> str:
    """The path of nested names; empty parts stand for no scope."""
    return "/".join(part for part in parts if part)


def free(base: str, taken: Callable[[str], bool]) -> str:
    """The first of `base`, `base_1`, `base_2` and so on that is not taken."""
    name, number = base, 0
    while taken(name):
        number += 1
        name = f"{base}_{number}"
    return name


def keras_name(path: str) -> str:
    """The name of the Keras layer: `tower/dense` is `tower.dense`.

    Keras forbids `/` in names of layers; a dot is in no name of ours, so that two paths never become one name.
    """
    return path.replace("/", ".")


def near(name: str, known: Iterable[str]) -> str:
    """The names nearest to one that is not there, as the end of a sentence."""
    names = sorted(known)
    listed = difflib.get_close_matches(name, names, n=3, cutoff=0.5) or names[:10]
    return f"near it: {', '.join(map(repr, listed))}" if listed else "there is none yet"
