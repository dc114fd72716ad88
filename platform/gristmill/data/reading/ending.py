"""Lets a process end while tf.data still reads ahead.

A thread of TensorFlow that waits for the interpreter while that ends is stopped there, and what waits for the thread in
turn hangs for ever. So before the interpreter ends, the call that runs is waited for, and no other is let in.
"""

import atexit
import threading
import time
from types import TracebackType

__all__ = ["CALLS"]

_LATE_SECONDS = 0.05
"""A call that TensorFlow has begun comes in by then."""


class _Calls:
    """Counts the calls that run, as a context; lets none in any more after `end`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._used = False
        self._ended = False

    def __enter__(self) -> None:
        with self._changed:
            if self._ended:
                raise RuntimeError("the process ends")
            self._running += 1
            self._used = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def end(self) -> None:
        """Waits for the call that runs."""
        with self._changed:
            self._ended = True
            self._changed.wait_for(lambda: not self._running)
        if self._used:
            time.sleep(_LATE_SECONDS)


CALLS = _Calls()
atexit.register(CALLS.end)
