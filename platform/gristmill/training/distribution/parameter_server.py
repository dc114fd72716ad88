"""Workers that train beside each other, without waiting, on weights that stand on servers."""

import atexit
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from gristmill.errors import InputError, WorkError
from gristmill.training.diagnose import first_not_finite
from gristmill.training.spread import Distribution
from gristmill.training.values import raw

if TYPE_CHECKING:
    from gristmill.training.step import Step

__all__ = ["ParameterServer", "count_whole"]


class ParameterServer(Distribution):
    """Asynchronous: the chief hands each worker the next batch, which computes its gradients and applies them at once.

    Each batch is used, also where a worker is lost: another, or the same when it is back, computes the step again. A worker
    that is lost between its update and telling so has that batch counted twice.

    Args:
        strategy: Has connected the chief with workers and servers.
        servers: How many servers hold the weights.
    """

    name = "parameter-server"
    compiles = False

    def __init__(self, strategy: tf.distribute.ParameterServerStrategy, servers: int) -> None:
        self.coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
        atexit.register(_leave_threads)
        self._servers, self._made = servers, 0

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Puts each new variable on the next server."""
        with tf.variable_creator_scope(self._create):
            yield

    def _create(self, next_creator: Any, **options: Any) -> Any:
        server = self._made % self._servers
        self._made += 1
        with tf.device(f"/job:ps/replica:0/task:{server}"):
            return next_creator(**options)

    def run(self, calls: Iterable[tuple[Any, tuple[Any, ...]]]) -> list[Any]:
        """What functions give that were traced here, each run by some worker; they may overtake each other.

        Args:
            calls: Concrete functions and their arguments.
        """
        waiting = [self.coordinator.schedule(function, args=arguments) for function, arguments in calls]
        self.coordinator.join()
        return [result.fetch() for result in waiting]

    def stepping(self, step: "Step", accumulate: int) -> Any:
        """A step whose calls are handed to the workers.

        Raises:
            InputError: Gradients of several batches are to be accumulated.
        """
        if accumulate != 1:
            raise InputError(f"accumulate must be 1 with {self.name}. Received: {accumulate}")
        return _Stepping(step, self)


class _Stepping:
    """Hands batches to workers, some at a time."""

    def __init__(self, step: "Step", servers: ParameterServer) -> None:
        self._step, self._servers = step, servers
        for group in step.groups:
            count_whole(group.optimizer)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._step, name)

    def several(self, batches: Iterator[Any], most: int) -> list[Any]:
        """Runs up to so many steps; gives their losses.

        Raises:
            WorkError: A loss is not finite.
        """
        group = list(islice(batches, most))
        losses = self._servers.run((self._step.graph.get_concrete_function(one), (one,)) for one in group)
        if self._step.stopped is not None:
            bad = next(place for place, loss in enumerate(losses) if not tf.math.is_finite(loss))
            raise WorkError(
                f"the loss must be finite. Received: {losses[bad]} in one of the steps to {self._step.done}: "
                f"{first_not_finite(self._step, (group[bad],))}. Nothing was updated by that step; a smaller learning rate "
                "or gradient clipping may help"
            )
        return losses


def _leave_threads() -> None:
    """Where Python ends, a coordinator waits for a thread that may wait for a worker that is lost: that wait is left out."""
    tf.distribute.coordinator.ClusterCoordinator.__del__ = lambda self: None


def count_whole(optimizer: Any) -> None:
    """Lets an optimizer count its steps in one operation: Keras reads, adds and writes, which loses steps of others."""
    iterations = optimizer.iterations
    iterations.assign_add = raw(iterations).assign_add
