"""Compiles functions that numba understands to machine code, kept on disk where there is a place for it.

Numba, because it has wheels for all systems and the code stays Python: no compiler is needed to install or to change it.
A cached function does not notice a change in a compiled function that it calls from another file, so compiled functions
call only those of their own file.
"""

from collections.abc import Callable
from typing import TypeVar

from numba import njit

__all__ = ["compiled"]

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Compiles a function at its first call; the next process takes it from the cache."""
    try:
        made: _Function = njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the source's folder nor the user's cache can be written
        made = njit(nogil=True)(function)
    return made
