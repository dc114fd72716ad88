"""The process of an advisor: `python -m apps.datacenter.safety.child DESCRIPTOR`, the pickled advisor on standard input.

It ends when the plant's process does, for then its connection is closed.
"""

import pickle
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from apps.datacenter.control.advice import Advice, Advisor
from apps.datacenter.plant import Action, Observation
from apps.datacenter.safety.remote import Failed, Question

__all__ = ["main"]


def main() -> None:
    """Answers until the connection is closed."""
    connection: Connection[Any, Any] = Connection(int(sys.argv[1]))
    advisor: Advisor = pickle.loads(sys.stdin.buffer.read())
    with suppress(EOFError, OSError):
        while True:
            message = connection.recv()
            if isinstance(message, Action):
                advisor.told(message)
            else:
                connection.send(_answer(advisor, message))


def _answer(advisor: Advisor, question: Question) -> Advice | Failed:
    step, time, last = question
    try:
        return advisor.advise(Observation(step, time, lambda: last))
    except Exception as error:  # whatever it is, the plant must know that there is no advice
        return Failed(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
