"""An advisor in a process of its own: however it fails, hangs or dies, the plant goes on, and it is started again.

```
plant's process                               advisor's process (`python -m apps.datacenter.safety.child`)
advise -> (step, time, measured)         ->   advise
       <- advice, or what went wrong     <-          an answer that comes after its time is thrown away
told   -> action                         ->   told
```
"""

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from time import monotonic
from typing import Any

from apps.datacenter.control.advice import Advice, Advisor
from apps.datacenter.plant import Action, Observation
from gristmill.errors import InputError, WorkError

__all__ = ["Failed", "Question", "RemoteAdvisor"]

Question = tuple[int, datetime, dict[str, float]]
"""Number of a step, its time, and what was measured in the step before."""


@dataclass(frozen=True)
class Failed:
    """The answer of an advisor that raised an error."""

    text: str


@dataclass
class RemoteAdvisor:
    """Runs any picklable advisor elsewhere. It is an `Advisor` itself, and picklable before its first advice."""

    advisor: Advisor
    seconds: float = 5.0
    """Wall time that an answer may take."""
    start_seconds: float = 60.0
    """Wall time that a start may take. The first advice waits for it; later ones wait `seconds`, as the plant runs."""
    late_steps: int = 3
    """Answers in a row that may be late before the process is ended."""
    restart_steps: int = 4
    """Steps from a death to the next start."""
    _child: "_Child | None" = field(default=None, init=False)
    _was_up: bool = field(default=False, init=False)
    _rest: int = field(default=0, init=False)
    _late: int = field(default=0, init=False)

    @property
    def steers(self) -> frozenset[str]:
        """What the advisor's advice sets."""
        return self.advisor.steers

    @property
    def process(self) -> int | None:
        """Number of the advisor's process; None where none runs."""
        return self._child.process.pid if self._child else None

    def advise(self, observation: Observation) -> Advice:
        """Asks, and waits `seconds` at most.

        Raises:
            InputError: The advisor cannot be pickled.
            WorkError: The process has died, is being started, is late, or its advisor failed.
        """
        child = self._running()
        try:
            answer = child.ask(observation, self.seconds if self._was_up else self.start_seconds)
        except TimeoutError as error:
            self._late += 1
            if self._late >= self.late_steps and child.is_up_for(self.start_seconds):
                self.close(self.restart_steps)
                raise WorkError("the advisor is late again: its process was ended") from error
            raise WorkError(f"the advisor is late: no answer within {self.seconds:g} s") from error
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self.close(self.restart_steps)
            raise WorkError(f"the advisor's process has died (status {child.process.returncode})") from error
        self._was_up, self._late = True, 0
        if isinstance(answer, Failed):
            raise WorkError(f"the advisor failed: {answer.text}")
        return answer  # or anything else: who acts on it checks it

    def told(self, action: Action) -> None:
        """Passes on what was set; a process that has died does not learn it."""
        if self._child:
            with suppress(OSError):
                self._child.connection.send(action)

    def close(self, restart_steps: int = 0) -> None:
        """Ends the process; the next advice after so many steps starts another."""
        if self._child:
            self._child.kill()
        self._child, self._late, self._rest = None, 0, restart_steps

    def _running(self) -> "_Child":
        if self._rest > 0:
            self._rest -= 1
            raise WorkError(f"the advisor's process has died, and starts again in {self._rest + 1} steps")
        if self._child is None:
            self._child = _Child(self.advisor)
        return self._child


class _Child:
    """The process, and the connection to it."""

    def __init__(self, advisor: Advisor):
        try:
            job = pickle.dumps(advisor)
        except (AttributeError, pickle.PicklingError, TypeError) as error:
            raise InputError(f"an advisor must be picklable. Received: {advisor!r} ({error})") from error
        self.connection, theirs = _pipe()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "apps.datacenter.safety.child", str(theirs.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,  # the plant's own is read by others
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                pass_fds=[theirs.fileno()],
            )
        self.began, self.has_answered, self.waits = monotonic(), False, False
        assert self.process.stdin
        with suppress(BrokenPipeError), self.process.stdin as stdin:
            stdin.write(job)

    def ask(self, observation: Observation, seconds: float) -> Any:
        """Asks; a question that is still open is waited for first, so that no more than one is ever under way."""
        until = monotonic() + seconds
        if self.waits:
            self._receive(until)
        question: Question = (observation.step, observation.time, dict(observation.last))
        self.connection.send(question)
        self.waits = True
        return self._receive(until)

    def _receive(self, until: float) -> Any:
        if not self.connection.poll(max(until - monotonic(), 0.0)):
            raise TimeoutError
        answer = self.connection.recv()
        self.waits, self.has_answered = False, True
        return answer

    def is_up_for(self, seconds: float) -> bool:
        """Whether it has had the time that a start takes."""
        return self.has_answered or monotonic() - self.began > seconds

    def kill(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait()


def _pipe() -> "tuple[Connection[Any, Any], Connection[Any, Any]]":
    return Pipe()
