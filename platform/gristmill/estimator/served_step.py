"""A traced training step whose calls are run by workers, on weights that stand on parameter servers."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from gristmill.estimator.stepping import GraphStep
from gristmill.estimator.tracing import Trace
from gristmill.training.distribution import ParameterServer

__all__ = ["ServedStep"]


class ServedStep(GraphStep):
    """Steps of a trace that workers run, several at a time; the global step counts those that are done.

    Args:
        trace: The traced model function, its variables on the servers.
        servers: The servers and workers.
    """

    def __init__(self, trace: Trace, servers: ParameterServer) -> None:
        super().__init__(trace)
        self._servers, self._done = servers, int(trace.global_step.numpy())

    def several(self, batches: Iterator[Any], most: int) -> list[Any]:
        """Runs up to so many steps, one where something is fetched; gives their losses up to one that is not finite."""
        group = list(islice(batches, 1 if self.fetches else most))
        fetches, take = self.fetching()
        function = self.with_fetches(fetches)
        found = self._servers.run((function, tuple(self.trace.flat(batch))) for batch in group)
        self._done += len(group)
        self.trace.global_step.assign(self._done)
        losses = [values[0] for values in found]
        self.fetched = take(found[0][1:]) if found and self.fetches else []
        bad = [place for place, loss in enumerate(losses) if not np.isfinite(loss)]
        losses = losses[: bad[0] + 1] if bad else losses
        self.last_loss = losses[-1] if losses else self.last_loss
        return losses
