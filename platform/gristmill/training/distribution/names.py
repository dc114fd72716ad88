"""The names of distributions, such as `mirrored:2`, and what a name must be."""

import os
from dataclasses import dataclass

from gristmill.errors import InputError, unknown_name

__all__ = ["KINDS", "Name", "parse", "workers_to_start"]

KINDS = {
    "layer-placement": "layer-placement:PATTERN=DEVICE,...",
    "mirrored": "mirrored or mirrored:DEVICES",
    "model-parallel": "model-parallel:DEVICES or model-parallel:DEVICES:LAYERS",
    "multiworker": "multiworker (with TF_CONFIG) or multiworker:WORKERS",
    "parameter-server": "parameter-server (with TF_CONFIG), parameter-server:WORKERS or parameter-server:WORKERS:SERVERS",
}
"""How each is written."""


@dataclass(frozen=True)
class Name:
    """A name taken apart."""

    text: str
    kind: str
    count: int | None
    """Devices or workers; None where it is not told."""
    rest: str
    """What stands after the count."""


def parse(text: str) -> Name:
    """Takes a name apart.

    Raises:
        InputError: The kind is not known (the nearest are told), or a number is none.
    """
    kind, _, rest = text.partition(":")
    if kind not in KINDS:
        raise unknown_name("distribution", kind, KINDS)
    if kind == "layer-placement":
        return Name(text, kind, None, rest)
    number, _, rest = rest.partition(":")
    if ":" in text and not (number.isdecimal() and int(number) > 0):
        raise InputError(f"a distribution must be written as {KINDS[kind]}, with numbers of 1 or more. Received: {text!r}")
    if rest and kind in ("mirrored", "multiworker"):
        raise InputError(f"a distribution must be written as {KINDS[kind]}. Received: {text!r}")
    return Name(text, kind, int(number) if number else None, rest)


def workers_to_start(text: str | None) -> int:
    """Worker processes that `multiworker:WORKERS` asks this one to start; 0 for any other name, and in a worker."""
    if text is None or not text.startswith("multiworker:") or os.environ.get("TF_CONFIG"):
        return 0
    return parse(text).count or 0
