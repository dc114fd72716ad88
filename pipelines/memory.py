"""Keeps the memory that a block of records needed for the next one, since getting it anew from the system is not free."""

import ctypes

__all__ = ["keep_freed_memory"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of `mallopt` (https://man7.org/linux/man-pages/man3/mallopt.3.html)."""
_KEPT_BYTES = 256 << 20


def keep_freed_memory() -> None:
    """Has the C library keep up to 256 MiB of freed memory, which saves a tenth of an ingestion's processor time.

    Without it every array of some megabytes is mapped, faulted in page by page and given back. Where the C library is
    not glibc, nothing is done.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
