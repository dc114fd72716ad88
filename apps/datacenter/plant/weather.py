"""Checks an EPW weather file before a simulator reads it: a file that is cut must not become a short or odd year."""

import re
from pathlib import Path

from gristmill.errors import InputError

__all__ = ["check_weather"]

_HEADER_LINES = 8  # LOCATION to DATA PERIODS; https://bigladdersoftware.com/epx/docs/ "Auxiliary Programs", EPW
_FIELDS = 32  # the least that an hour has; 35 with those added later
_HOURS = (8760, 8784)
_TEXTS = (6, 28)  # numbers of the fields that may hold anything: where data came from, weather codes
_MAY_BE_EMPTY = range(29, _FIELDS + 1)
_NUMBER = r" *+[-+]?+(?:\d++\.?+\d*+|\.\d++)(?:[eE][-+]?+\d++)?+ *+"
_HOUR = re.compile(rf"(?:{_NUMBER},){{5}}[^,]*+(?:,{_NUMBER}){{21}},[^,]*+(?:,(?:{_NUMBER})?+){{4}}(?:,.*+)?+")


def check_weather(path: Path) -> None:
    """Checks that a file has EPW's eight header lines and every hour of one year, each with all its numbers.

    Raises:
        InputError: It has not; the error names the file, the line and the fault.
    """
    try:
        lines = Path(path).read_text("latin-1").split("\n")
    except OSError as error:
        raise InputError(f"cannot read weather file {path}: {error.strerror}") from error
    if not lines[0].upper().startswith("LOCATION,"):
        raise InputError(f"{path}: an EPW file must start with LOCATION. Received: {lines[0][:40] if lines else ''!r}")
    hours = [line for line in lines[_HEADER_LINES:] if line.strip()]
    for number, line in enumerate(hours, _HEADER_LINES + 1):
        if not _HOUR.fullmatch(line):
            raise InputError(f"{path}, line {number}: {_fault(line)}")
    if len(hours) not in _HOURS:
        last = "/".join(hours[-1].split(",")[1:3]) if hours else "none"
        raise InputError(
            f"{path}: a year must have {_HOURS[0]} hours ({_HOURS[1]} in a leap year), the file may be cut. "
            f"Received: {len(hours)}, the last of month/day {last}"
        )


def _fault(line: str) -> str:
    fields = line.split(",")
    if len(fields) < _FIELDS:
        return f"an hour must have {_FIELDS} fields or more, the file may be cut. Received: {len(fields)}"
    number, field = next(
        (number, field)
        for number, field in enumerate(fields, 1)
        if number not in _TEXTS and not re.fullmatch(_NUMBER, field) and (field or number not in _MAY_BE_EMPTY)
    )
    return f"field {number} of an hour must be a number. Received: {field!r}"
