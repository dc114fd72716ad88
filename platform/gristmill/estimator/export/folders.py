"""An export's folder, named by the second in which it is written, and there only once it is whole."""

import itertools
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

__all__ = ["copy_extra_assets", "timestamped_folder"]


@contextmanager
def timestamped_folder(base: str) -> Iterator[tuple[str, str]]:
    """Gives a temporary folder to fill, and renames it when the body ends.

    The name is the number of seconds since 1970, or the next one that is free: later exports have greater numbers.

    Args:
        base: The folder of all exports of a model; made where it is not there.

    Yields:
        The temporary folder, `BASE/temp-SECONDS`, and the one it becomes, `BASE/SECONDS`.
    """
    tf.io.gfile.makedirs(base)
    partial, final = _claimed(base)
    try:
        yield partial, final
        tf.io.gfile.rename(partial, final)
    except BaseException:
        tf.io.gfile.rmtree(partial)
        raise


def copy_extra_assets(folder: str, assets: Mapping[str, Any]) -> None:
    """Copies files into `assets.extra` of a SavedModel.

    Args:
        folder: The SavedModel.
        assets: Path below `assets.extra` -> file to copy.
    """
    for relative, source in assets.items():
        target = os.path.join(folder, "assets.extra", os.fspath(relative))
        tf.io.gfile.makedirs(os.path.dirname(target))
        tf.io.gfile.copy(os.fspath(source), target)


def _claimed(base: str) -> tuple[str, str]:
    for seconds in itertools.count(int(time.time())):
        partial, final = os.path.join(base, f"temp-{seconds}"), os.path.join(base, str(seconds))
        if not tf.io.gfile.exists(final) and not tf.io.gfile.exists(partial):
            break
    tf.io.gfile.mkdir(partial)
    return partial, final
