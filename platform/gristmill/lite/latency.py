"""Measures how long a lite model takes for one call."""

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gristmill.errors import InputError
from gristmill.lite.runtime import LiteModel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Latency", "measure"]


@dataclass(frozen=True)
class Latency:
    """Wall time of one call, in microseconds, over `runs` calls on `threads` threads."""

    p50_us: float
    p90_us: float
    mean_us: float
    runs: int
    threads: int


def measure(
    model: LiteModel,
    signature: str | None,
    inputs: "Sequence[Mapping[str, ArrayLike]]",
    warmup: int = 20,
    seconds: float = 1.0,
) -> Latency:
    """Calls one signature on real rows, one after the other and round again, and takes the time of each call.

    Args:
        model: Loaded with the number of threads to measure with.
        signature: Its name; None where the file has only one.
        inputs: Rows as they come in use, at least one.
        warmup: Calls before the first that counts.
        seconds: How long to go on; each row is measured at least once.

    Raises:
        InputError: if there is no row; and what a call raises.
    """
    if not inputs:
        raise InputError("`inputs` must hold at least one row. Received: none")
    rows = itertools.cycle(inputs)
    for row in itertools.islice(rows, warmup):
        model(signature, **row)
    times: list[int] = []
    deadline = time.perf_counter_ns() + int(seconds * 1e9)
    while len(times) < len(inputs) or time.perf_counter_ns() < deadline:
        row = next(rows)
        start = time.perf_counter_ns()
        model(signature, **row)
        times.append(time.perf_counter_ns() - start)
    micros = np.array(times) / 1000
    p50, p90 = (float(np.quantile(micros, share)) for share in (0.5, 0.9))
    return Latency(p50, p90, float(micros.mean()), len(times), model.threads)
