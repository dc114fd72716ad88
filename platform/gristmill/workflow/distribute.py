"""A training in several processes or on several devices, as `--distribute` asks for it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gristmill.errors import InputError, LostError
from gristmill.launch import (
    MODEL_PARALLEL,
    Cluster,
    Spread,
    end_with_parent,
    is_launched,
)

if TYPE_CHECKING:
    from gristmill.training.distribution import Distribution

__all__ = ["distributed", "helps", "placement_of", "serve_chief"]


def placement_of(places: Sequence[str], distribute: str | None) -> dict[str, int | str]:
    """Where layers are put: `LAYER=DEVICE` or `LAYER=split`, each.

    Raises:
        InputError: One is none of these, or the distribution is not `model-parallel`.
    """
    made: dict[str, int | str] = {}
    for text in places:
        pattern, equals, place = text.rpartition("=")
        if not (equals and pattern and (place == "split" or place.isdecimal())):
            raise InputError(f"--place must be LAYER=DEVICE, a number from 0, or LAYER=split. Received: {text!r}")
        try:
            re.compile(pattern)
        except re.error as error:
            raise InputError(f"--place must name layers by a pattern. Received: {pattern!r}, {error}") from error
        made[pattern] = place if place == "split" else int(place)
    if made and (distribute is None or Spread.parse(distribute).kind != MODEL_PARALLEL):
        raise InputError(f"--place goes with --distribute {MODEL_PARALLEL}. Received: --distribute {distribute}")
    return made


def helps(distribute: str | None) -> bool:
    """Whether this process takes part in the training of another, the chief."""
    if distribute is None or not Spread.parse(distribute).has_processes:
        return False
    cluster = Cluster.from_environment()
    return cluster is not None and not cluster.is_chief


def serve_chief(out: Path) -> bool:
    """Serves a chief until the run is written, where this process is its server; whether it was."""
    cluster = Cluster.from_environment()
    if cluster is None or not cluster.is_server:
        return False
    from gristmill.training.distribution import serve

    if is_launched():
        end_with_parent()
    serve(cluster, out.exists)
    return True


@contextmanager
def distributed(distribute: str | None, placement: Mapping[str, int | str] | None) -> Iterator["Distribution"]:
    """The distribution to train in; before TensorFlow has started.

    Raises:
        InputError: There is no such distribution here.
        LostError: Another process of the training was lost.
    """
    from gristmill.training.distribution import Distribution, open_distribution

    if distribute is None:
        yield Distribution()
        return
    import tensorflow as tf

    if is_launched():
        end_with_parent()
    errors = tf.errors
    lost = (errors.UnavailableError, errors.AbortedError, errors.CancelledError, errors.DeadlineExceededError)
    distribution = open_distribution(distribute, placement)
    try:
        yield distribution
    except lost as error:
        if not Spread.parse(distribute).has_processes:
            raise
        lines = [line for line in str(error).splitlines() if line and "Graph execution error" not in line]
        raise LostError(f"another process of the training was lost: {lines[0] if lines else error}") from error
