"""The processes of a distributed training, as TF_CONFIG tells them."""

import json
import os
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from gristmill.errors import InputError
from gristmill.launch.kinds import MULTI_WORKER, PARAMETER_SERVER

__all__ = ["Cluster", "loopback"]

_VARIABLE = "TF_CONFIG"
_ROLES = {MULTI_WORKER: {"chief", "worker"}, PARAMETER_SERVER: {"chief", "worker", "ps"}}
_RULES = {MULTI_WORKER: "workers, and a chief at most", PARAMETER_SERVER: "one chief, workers and ps"}


@dataclass(frozen=True)
class Cluster:
    """The addresses of all processes by their role, and which of them this one is."""

    members: Mapping[str, list[str]]
    task: tuple[str, int]
    """Role and number."""

    @classmethod
    def from_environment(cls) -> "Cluster | None":
        """What TF_CONFIG says; None where it says nothing.

        Raises:
            InputError: It is no JSON object of a cluster and a task in it.
        """
        text = os.environ.get(_VARIABLE, "")
        if not text.strip():
            return None
        try:
            given = json.loads(text)
            members = {str(role): [str(one) for one in given["cluster"][role]] for role in given["cluster"]}
            task = str(given["task"]["type"]), int(given["task"]["index"])
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(
                f"{_VARIABLE} must be JSON with `cluster`, addresses by role, and `task`, a type and an index. "
                f"Received: {text}"
            ) from error
        if not 0 <= task[1] < len(members.get(task[0], ())):
            raise InputError(f"the task of {_VARIABLE} must be one of its cluster. Received: {task} in {members}")
        return cls(members, task)

    def check(self, kind: str) -> None:
        """Refuses a cluster that does not fit a kind of distribution.

        Raises:
            InputError: A role is missing, or is not one of the kind's.
        """
        roles = set(self.members)
        chiefs = len(self.members.get("chief", ()))
        fits = roles <= _ROLES[kind] and (
            chiefs == 1 and roles == _ROLES[kind] if kind == PARAMETER_SERVER else chiefs <= 1
        )
        if not fits:
            raise InputError(f"a cluster for {kind} must have {_RULES[kind]}. Received: {dict(self.members)}")

    @property
    def place(self) -> int:
        """The number of this process among all that train, from 0, the chief."""
        kind, place = self.task
        return place + (len(self.members.get("chief", ())) if kind == "worker" else 0)

    @property
    def is_chief(self) -> bool:
        """Whether this process judges, saves and writes."""
        kind, place = self.task
        return kind == "chief" or (kind == "worker" and place == 0 and "chief" not in self.members)

    @property
    def is_server(self) -> bool:
        """Whether it holds weights, or computes steps, for a chief with parameter servers."""
        return "ps" in self.members and not self.is_chief

    @property
    def environment(self) -> dict[str, str]:
        """The variables that tell a process so."""
        kind, place = self.task
        return {_VARIABLE: json.dumps({"cluster": dict(self.members), "task": {"type": kind, "index": place}})}


def loopback(kind: str, workers: int) -> list[Cluster]:
    """So many workers, and a chief and a parameter server where the kind has them, on this machine; the chief first."""
    roles = ["worker"] * workers if kind == MULTI_WORKER else ["chief", "ps", *["worker"] * workers]
    with ExitStack() as stack:
        ports = [_free_port(stack) for _ in roles]
    members: dict[str, list[str]] = {}
    for role, port in zip(roles, ports, strict=True):
        members.setdefault(role, []).append(f"127.0.0.1:{port}")
    return [Cluster(members, (role, place)) for role, all_ in members.items() for place in range(len(all_))]


def _free_port(stack: ExitStack) -> int:
    """A port that nobody has; it is held until the stack ends, so that all are different."""
    held = stack.enter_context(socket.socket())
    held.bind(("127.0.0.1", 0))
    return int(held.getsockname()[1])
