"""The user's own line: the innermost one that is not of gristmill, Keras, TensorFlow or Python's library."""

import linecache
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import keras
import tensorflow as tf

import gristmill

__all__ = ["is_users", "line_not_finite", "users_line"]

_OURS = tuple(f"{Path(str(module.__file__)).parent}/" for module in (gristmill, keras, tf))
_LIBRARY = f"{sysconfig.get_path('stdlib')}/"
_INSTALLED = ("/site-packages/", "/dist-packages/")


def users_line(trace: TracebackType | None = None, *, stack: bool = True) -> str:
    """`FILE:LINE: SOURCE` of the user's innermost line; empty where there is none.

    Args:
        trace: Of an error, which is looked through first.
        stack: Whether to look through the calls under way after it.
    """
    places: list[tuple[str, int]] = []
    while trace is not None:
        places.insert(0, (trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    frame: FrameType | None = sys._getframe(1) if stack else None
    while frame is not None:
        places.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    for file, line in places:
        if is_users(file):
            return f"{file}:{line}: `{linecache.getline(file, line).strip()}`"
    return ""


def line_not_finite(run: Callable[[], Any]) -> tuple[str, Exception | None]:
    """The user's line under which an operation first gives NaN or infinity, by running again, and the error it then met."""
    tf.debugging.enable_check_numerics()
    try:
        run()
    except tf.errors.InvalidArgumentError as error:
        return users_line(error.__traceback__, stack=False), error
    except Exception:
        return "", None
    finally:
        tf.debugging.disable_check_numerics()
    return "", None


def is_users(file: str) -> bool:
    """Whether a source file is none of ours, Keras', TensorFlow's or Python's."""
    if file.startswith(("<", *_OURS)):
        return False
    return not file.startswith(_LIBRARY) or any(part in file for part in _INSTALLED)
