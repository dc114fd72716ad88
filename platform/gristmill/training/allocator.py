"""Freed memory is kept for the next step: what glibc hands back to the system, every step would be given anew, page by page."""

import ctypes
from functools import cache

__all__ = ["keep_memory"]

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
_LARGEST = 2**31 - 1


@cache
def keep_memory() -> None:
    """Tells glibc to keep what is freed, for the rest of the process; does nothing under another C library.

    TensorFlow frees a step's large arrays at its end. As separate mappings, which is how glibc gives large blocks, they
    would go back to the system (https://man7.org/linux/man-pages/man3/mallopt.3.html): up to a sixth of a small model's time.
    The process grows to its peak and stays there.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, _LARGEST)
