"""An advisor in a process of its own: killed, hung or failing, the plant gets its answer in time, and it comes back."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from apps.datacenter.control import Advice
from apps.datacenter.plant import Action, Observation
from apps.datacenter.safety import RemoteAdvisor
from apps.datacenter.safety.advisor_faults import FaultyAdvisor
from apps.datacenter.safety.faults import Fault
from apps.datacenter.safety.trial import WorstAdvisor
from gristmill.errors import InputError, WorkError

STEERS = frozenset({"supply_air_c"})


def ask(remote: RemoteAdvisor, step: int) -> Advice:
    return remote.advise(Observation(step, datetime(1991, 7, 1), lambda: {"outdoor_c": 10.0}))


def faulty(kind: str, first: int, steps: int, late_seconds: float = 1.0) -> FaultyAdvisor:
    return FaultyAdvisor(WorstAdvisor(STEERS), Fault(kind, first=first, steps=steps), late_seconds)


@pytest.fixture
def remote() -> Iterator[RemoteAdvisor]:
    made = RemoteAdvisor(WorstAdvisor(STEERS), restart_steps=2)
    yield made
    made.close()


def test_it_advises_as_the_advisor_does(remote: RemoteAdvisor) -> None:
    assert remote.steers == STEERS
    remote.told(Action())
    assert ask(remote, 0) == WorstAdvisor(STEERS).advise(Observation(0, datetime(1991, 7, 1), dict))
    remote.told(Action(supply_air_c=22.0))
    assert ask(remote, 8).action == Action(supply_air_c=5.0)


def test_killed_it_says_so_and_starts_again(remote: RemoteAdvisor) -> None:
    ask(remote, 0)
    first = remote.process
    assert first
    os.kill(first, signal.SIGKILL)
    with pytest.raises(WorkError, match=r"the advisor's process has died \(status -9\)"):
        ask(remote, 1)
    remote.told(Action())
    for left in (2, 1):
        with pytest.raises(WorkError, match=f"starts again in {left} steps"):
            ask(remote, 2)
    assert ask(remote, 4).action == Action(supply_air_c=40.0)
    assert remote.process != first


def test_hung_it_is_waited_for_no_longer_than_said_and_ended() -> None:
    remote = RemoteAdvisor(faulty("advisor-late", 1, 100, late_seconds=60.0), seconds=0.2, late_steps=2)
    ask(remote, 0)
    hung = remote.process
    began = time.monotonic()
    with pytest.raises(WorkError, match=r"the advisor is late: no answer within 0\.2 s"):
        ask(remote, 1)
    with pytest.raises(WorkError, match="late again: its process was ended"):
        ask(remote, 2)
    assert time.monotonic() - began < 2.0
    assert hung
    with pytest.raises(ProcessLookupError):
        os.kill(hung, 0)


def test_an_answer_that_came_late_is_not_taken_for_the_next_one() -> None:
    remote = RemoteAdvisor(faulty("advisor-late", 1, 1, late_seconds=0.5), seconds=0.3, late_steps=5)
    ask(remote, 0)
    with pytest.raises(WorkError, match="late"):
        ask(remote, 1)
    time.sleep(0.5)
    assert ask(remote, 8).action == Action(supply_air_c=5.0), "that of step 8, and not of step 1"
    remote.close()


def test_what_fails_in_it_is_told() -> None:
    remote = RemoteAdvisor(Broken())
    with pytest.raises(WorkError, match="the advisor failed: ZeroDivisionError: division by zero"):
        ask(remote, 0)
    remote.close()
    with pytest.raises(InputError, match="an advisor must be picklable"):
        ask(RemoteAdvisor(Unpicklable()), 0)


@dataclass(frozen=True)
class Broken:
    """Divides by nought."""

    steers: frozenset[str] = STEERS

    def advise(self, observation: Observation) -> Advice:
        raise ZeroDivisionError("division by zero")

    def told(self, action: Action) -> None:
        """Nothing."""


class Unpicklable(Broken):
    """Cannot be sent anywhere."""

    def __reduce__(self) -> str:
        raise TypeError("never")
