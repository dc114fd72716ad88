"""Exports of earlier times in a folder: which there are, and which are too old to keep."""

import logging
import os
import re

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError

__all__ = ["checked_number", "delete_old", "exports_in"]

_log = logging.getLogger("gristmill")


def checked_number(exports_to_keep: int | None) -> int | None:
    """Gives a number of exports to keep, or None for all.

    Raises:
        ArgumentError: If it is not positive.
    """
    if exports_to_keep is not None and exports_to_keep <= 0:
        raise ArgumentError(f"`exports_to_keep` must be positive. Received: exports_to_keep={exports_to_keep}")
    return exports_to_keep


def exports_in(folder: str) -> list[str]:
    """Gives the names of the exports in a folder, which are the seconds in which they were written, oldest first."""
    if not tf.io.gfile.isdir(folder):
        return []
    names = (name.rstrip("/") for name in tf.io.gfile.listdir(folder))
    return sorted((name for name in names if re.fullmatch(r"\d{10}", name)), key=int)


def delete_old(folder: str, exports_to_keep: int | None) -> None:
    """Deletes all but the newest exports of a folder; one that cannot be deleted is told in the log."""
    if exports_to_keep is None:
        return
    for name in exports_in(folder)[:-exports_to_keep]:
        path = os.path.join(folder, name)
        try:
            tf.io.gfile.rmtree(path)
        except tf.errors.OpError as error:
            _log.warning("the old export %s cannot be deleted: %s", path, error)
