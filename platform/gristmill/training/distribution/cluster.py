"""The processes that train together, as the environment variable TF_CONFIG tells them."""

import json
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from gristmill.errors import InputError

__all__ = ["Member", "free_addresses", "read_member"]

_EXAMPLE = '{"cluster": {"worker": ["HOST:PORT", "HOST:PORT"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class Member:
    """One process of a cluster."""

    cluster: Mapping[str, Sequence[str]]
    """Addresses by role."""
    role: str
    index: int

    @property
    def text(self) -> str:
        """As TF_CONFIG has it."""
        task = {"type": self.role, "index": self.index}
        return json.dumps({"cluster": {role: list(all_) for role, all_ in self.cluster.items()}, "task": task})

    @property
    def trainers(self) -> list[tuple[str, int]]:
        """Role and index of those that train, the chief first."""
        roles = ("chief", "worker")
        return [(role, index) for role in roles for index in range(len(self.cluster.get(role, ())))]

    def check(self, roles: Sequence[str], kind: str) -> None:
        """Refuses a cluster of other roles.

        Raises:
            InputError: A role does not belong to the kind of distribution.
        """
        if set(self.cluster) - set(roles):
            raise InputError(
                f"`cluster` in TF_CONFIG must have the roles {', '.join(roles)} for {kind}. Received: {', '.join(self.cluster)}"
            )


def read_member() -> Member | None:
    """What TF_CONFIG says of this process; None where it says nothing of a cluster.

    Raises:
        InputError: It is not JSON, or cluster and task do not fit each other.
    """
    text = os.environ.get("TF_CONFIG") or "{}"
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"TF_CONFIG must be JSON, such as {_EXAMPLE}. Received: TF_CONFIG={text!r}") from error
    if not isinstance(found, dict):
        raise InputError(f"TF_CONFIG must be a JSON object, such as {_EXAMPLE}. Received: TF_CONFIG={text!r}")
    if not found.get("cluster"):
        return None
    cluster, task = found["cluster"], found.get("task")
    if not _is_cluster(cluster) or not _is_task(task, cluster):
        raise InputError(
            "TF_CONFIG must have a `cluster` of addresses by role and a `task` that is one of it, such as "
            f"{_EXAMPLE}. Received: TF_CONFIG={text!r}"
        )
    return Member(cluster, task["type"], int(task.get("index", 0)))


def _is_cluster(cluster: Any) -> bool:
    if not isinstance(cluster, dict):
        return False
    lists = [addresses for addresses in cluster.values() if isinstance(addresses, list)]
    return len(lists) == len(cluster) and all(isinstance(one, str) and ":" in one for part in lists for one in part)


def _is_task(task: Any, cluster: Mapping[str, Sequence[str]]) -> bool:
    if not isinstance(task, dict) or task.get("type") not in cluster:
        return False
    index = task.get("index", 0)
    return isinstance(index, int) and 0 <= index < len(cluster[task["type"]])


def free_addresses(count: int) -> list[str]:
    """Addresses of this machine alone, free at this moment."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
