"""A controller that asks another process: it sends what was measured, and takes the set-points that come back."""

from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing.connection import Connection

from apps.datacenter.plant.controllers import Action, Observation

__all__ = ["Remote"]


@dataclass(frozen=True)
class Remote:
    """Sends the last measurement as a dict, and receives a dict of the fields of an action.

    When the other end is closed the run ends with an error, so that no plant outlives the program that steers it.
    """

    steers: frozenset[str]
    descriptor: int = field(repr=False)
    """File descriptor of the connection, in the plant's process."""

    @cached_property
    def _connection(self) -> "Connection[dict[str, float], dict[str, float]]":
        return Connection(self.descriptor)

    def act(self, observation: Observation) -> Action:
        """Asks."""
        self._connection.send(dict(observation.last))
        return Action(**self._connection.recv())
