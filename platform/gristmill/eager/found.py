"""The errors that tell of the first bad value or shape, on their way to the user."""

from typing import Any

from gristmill.eager.lines import users_line
from gristmill.eager.values import described
from gristmill.errors import GristmillError, InputError

__all__ = ["Found", "at", "refused"]


class Found(BaseException):
    """Carries the error for the user past any `except Exception` on its way out of the model."""

    def __init__(self, error: GristmillError, cause: BaseException | None) -> None:
        super().__init__(str(error))
        self.error, self.cause = error, cause


def refused(what: str, came: Any, error: Exception) -> Found:
    """The error for a shape or type that something could not take."""
    reason = " ".join((getattr(error, "message", "") or str(error)).split())
    line = at(users_line(error.__traceback__))
    text = f"{what} must be able to take what comes in. Received: {described(came)}; {reason}{line}"
    return Found(InputError(text), error)


def at(line: str) -> str:
    """The end of a message that tells a line of the user's; empty where there is none."""
    return f"; at {line}" if line else ""
