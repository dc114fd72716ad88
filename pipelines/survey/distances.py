"""How far two distributions over the same bins are apart, and how far chance alone puts two samples of one."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

__all__ = ["chance_linf", "chance_psi", "jensen_shannon", "l_infinity", "psi"]

Shares = NDArray[np.float64]

_RARE = 0.001
_RARE_DEVIATIONS = 3.29
"""A normal value is farther off than this many deviations once in 1,000 times."""


def psi(a: Shares, b: Shares) -> float:
    """Population stability index of two arrays of counts: the sum of (b - a) ln(b / a) over the shares of the bins.

    An empty bin counts as half a record, as the index has no value otherwise.
    """
    p, q = (np.maximum(counts, 0.5) / counts.sum() for counts in (a, b))
    return float(((q - p) * np.log(q / p)).sum())


def jensen_shannon(a: Shares, b: Shares) -> float:
    """Jensen-Shannon divergence of two arrays of counts, in bits: 0 for equal ones, 1 where no bin is shared.

    Source: Lin 1991, https://doi.org/10.1109/18.61115
    """
    p, q = a / a.sum(), b / b.sum()
    middle = (p + q) / 2
    return float((_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2)


def l_infinity(a: Shares, b: Shares) -> float:
    """The largest difference of a bin's shares."""
    return float(np.abs(a / a.sum() - b / b.sum()).max())


def chance_psi(bins: int, a: float, b: float) -> float:
    """What the index of two samples of one distribution, of `a` and `b` records, exceeds once in 1,000 times.

    It is then spread as chi-square with bins - 1 degrees of freedom times 1 / a + 1 / b.
    Source: Yurdakul 2018, https://scholarworks.wmich.edu/dissertations/3208
    """
    return float(chdtri(max(bins - 1, 1), _RARE)) * (1 / a + 1 / b)


def chance_linf(share: float, a: float, b: float) -> float:
    """By how much a share differs between two samples of one distribution once in 1,000 times."""
    return _RARE_DEVIATIONS * math.sqrt(share * (1 - share) * (1 / a + 1 / b))


def _relative_entropy(p: Shares, q: Shares) -> float:
    there = p > 0
    return float((p[there] * np.log2(p[there] / q[there])).sum())
