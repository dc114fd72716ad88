"""The processes that a distribution needs on this machine."""

from collections.abc import Sequence

from gristmill.launch.cluster import Cluster, loopback
from gristmill.launch.kinds import Spread
from gristmill.launch.supervisor import is_launched

__all__ = ["Processes"]

_WORKERS = 2


class Processes:
    """What is to be started: the one process that TF_CONFIG tells of, else all of them on this machine.

    Args:
        distribute: `KIND` or `KIND:COUNT`.

    Raises:
        InputError: The kind is not known, or TF_CONFIG does not fit it.
    """

    def __init__(self, distribute: str) -> None:
        self._spread = Spread.parse(distribute)
        self._given = Cluster.from_environment() if self._spread.has_processes else None
        if self._given is not None:
            self._given.check(self._spread.kind)

    @property
    def is_needed(self) -> bool:
        """Whether others must be started: not where one process does, and not where this is one of them."""
        return self._spread.has_processes and not is_launched()

    def make(self) -> Sequence[Cluster]:
        """The processes, the chief first where it is here; their addresses are new each time, but for those of TF_CONFIG."""
        if self._given is not None:
            return [self._given]
        return loopback(self._spread.kind, self._spread.count or _WORKERS)
