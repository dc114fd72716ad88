"""Runs the processes of a training on this machine until the chief has ended, and starts again what is lost."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from gristmill.errors import LostError
from gristmill.launch.cluster import Cluster

__all__ = ["end_with_parent", "is_launched", "supervise"]

_LAUNCHED = "GRISTMILL_LAUNCHED"
_LOOK_SECONDS = 0.1
_END_SECONDS = 10.0
_OTHERS_SECONDS = 1.0
"""Until others are seen to have ended that an error of a member follows from."""
_SHOWN_BYTES = 2000
_MOST_RESTARTS = 10
_LONGEST_WAIT = 30.0


def is_launched() -> bool:
    """Whether this process was started by `supervise`."""
    return _LAUNCHED in os.environ


def end_with_parent() -> None:
    """Ends this process as soon as the one that supervises it is gone; the pipe between them tells."""

    def watch() -> None:
        with suppress(OSError):
            while os.read(0, 1):
                pass
        os._exit(LostError.exit_status)

    threading.Thread(target=watch, daemon=True).start()


@dataclass
class _Member:
    """One process and what it said."""

    cluster: Cluster
    command: Sequence[str]
    is_shown: bool
    """Whether it prints where this process prints."""
    process: "subprocess.Popen[bytes] | None" = None
    said: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    @property
    def name(self) -> str:
        return f"{self.cluster.task[0]} {self.cluster.task[1]}"

    @property
    def restarts_alone(self) -> bool:
        return self.cluster.task[0] == "worker" and "ps" in self.cluster.members

    def start(self) -> None:
        streams = None if self.is_shown else self.said
        self.process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.cluster.environment, _LAUNCHED: "1"},
            stdin=subprocess.PIPE,
            stdout=streams,
            stderr=streams,
        )

    def ended(self) -> int | None:
        """Its status; None while it runs."""
        assert self.process is not None
        return self.process.poll()

    def end(self) -> None:
        """Ends it, by force where it takes long."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()

    def last_words(self) -> str:
        """The end of what it printed."""
        self.said.seek(max(0, self.said.seek(0, os.SEEK_END) - _SHOWN_BYTES))
        return self.said.read().decode(errors="replace").strip()


def supervise(
    command: Sequence[str],
    make: Callable[[], Sequence[Cluster]],
    tell: Callable[[str], None],
    most_restarts: int = _MOST_RESTARTS,
) -> int:
    """Runs a command once for each process of a cluster; gives the chief's exit status.

    A worker that computes for a chief with parameter servers is started again alone. Where another process is lost, all are
    ended and start again; they then go on from the last checkpoint. A process that ends by an error of its own ends all.

    Args:
        command: What each process runs; the environment tells it its place.
        make: Gives the processes of this machine, the chief first where it is here, anew for each start of all.
        tell: Told what was lost.
        most_restarts: After so many losses the training ends.
    """
    before = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, _stop)
    members: list[_Member] = []
    try:
        restarts = 0
        while True:
            members = [_Member(one, command, is_shown=place == 0) for place, one in enumerate(make())]
            status, lost = _run(members, tell, most_restarts)
            if lost is None:
                return status
            _end(members)
            members = []
            restarts += 1
            if restarts > most_restarts:
                tell(f"{lost}, as others before it; {most_restarts} restarts are the most that are tried")
                return status
            tell(f"{lost}: all start again from the last checkpoint (restart {restarts} of at most {most_restarts})")
            time.sleep(min(_LONGEST_WAIT, 0.25 * 2**restarts))
    finally:
        _end(members)
        signal.signal(signal.SIGTERM, before)


def _run(members: Sequence[_Member], tell: Callable[[str], None], most_restarts: int) -> tuple[int, str | None]:
    """Until the first member has ended, or one is lost for all; its status, and what was lost."""
    restarts = dict.fromkeys((member.name for member in members), 0)
    for member in members:
        member.start()
    while (status := members[0].ended()) != 0:
        for member in members:
            if not member.ended():
                continue
            how = _how(member.ended())
            if not _is_lost(member, members):
                if member is not members[0]:
                    tell(f"{member.name} ended by {how}:\n{member.last_words()}")
                return max(1, member.ended() or 1), None
            if not member.restarts_alone or restarts[member.name] >= most_restarts:
                return 1, f"{member.name} was lost ({how})"
            restarts[member.name] += 1
            tell(f"{member.name} was lost ({how}): it starts again")
            member.end()
            member.start()
        time.sleep(_LOOK_SECONDS)
    return status, None


def _is_lost(member: _Member, members: Sequence[_Member]) -> bool:
    """Whether a member was ended from outside, or is one that stopped because another was."""
    if _from_outside(member):
        return True
    time.sleep(_OTHERS_SECONDS)
    return any(_from_outside(other) for other in members)


def _from_outside(member: _Member) -> bool:
    status = member.ended()
    return status is not None and (status < 0 or status == LostError.exit_status)


def _how(status: int | None) -> str:
    return f"signal {-status}" if status and status < 0 else f"status {status}"


def _end(members: Sequence[_Member]) -> None:
    for member in members:
        member.end()
        member.said.close()


def _stop(number: int, frame: object) -> None:
    sys.exit(128 + number)
