"""The exceptions that gristmill raises on purpose, and the exit status each one means.

GristmillError
├── InputError          bad input or usage, exit status 2
└── WorkError           the work itself failed, exit status 1
    ├── IntegrityError  a file is missing, cut or changed
    ├── LostError       another process of a distributed training was lost, exit status 75
    └── ParityError     a converted model differs from its float model
"""

import difflib
from collections.abc import Iterable

__all__ = ["GristmillError", "InputError", "IntegrityError", "LostError", "ParityError", "WorkError", "unknown_name"]


class GristmillError(Exception):
    """Base of all errors that gristmill raises on purpose; its text is meant for the user."""

    exit_status = 1


class InputError(GristmillError):
    """What the user gave (an option, a file, a column, a name) breaks a rule."""

    exit_status = 2


class WorkError(GristmillError):
    """The input was good, but the work could not be done."""


class IntegrityError(WorkError):
    """A file of a dataset or a run is missing, cut or changed since it was written."""


class LostError(WorkError):
    """Another process of a distributed training was lost; this one is worth starting again."""

    exit_status = 75


class ParityError(WorkError):
    """A converted model does not compute what its float model computes."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Makes the error for a name that is not known, with the nearest known ones first.

    Args:
        kind: What the name stands for, such as "app" or "column".
        name: The name that came.
        known: All names that would have been right.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return InputError(f"unknown {kind} {name!r}; did you mean {' or '.join(map(repr, near))}?")
    listed = ", ".join(map(repr, names)) if names else "none"
    return InputError(f"unknown {kind} {name!r}; known: {listed}")
