"""The action log: a line of JSON a step, written as the step begins, so that it is there when a process is killed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from apps.datacenter.control.advice import Advice
from apps.datacenter.plant import ACTIONS, Action
from gristmill.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ActionLog", "Entry", "Source", "read_log"]

Source = Literal["advice", "clipped advice", "fallback", "hold", "local"]
_EXPECTED = ("inlet_low_c", "inlet_high_c", "spread_c", "power_spread", "distance", "cooling_kw")


@dataclass(frozen=True)
class Entry:
    """What was done in a step, and why."""

    step: int
    time: datetime
    mode: str
    source: Source
    """Whose set-points were set."""
    advice: Advice | None
    """What was advised; None where there was none."""
    set: Action
    """What was set."""
    reasons: tuple[str, ...]
    """In words; none where an advice was acted on as it was."""

    def row(self) -> dict[str, Any]:
        """The entry as JSON has it; a number that is none becomes null."""
        advice = self.advice
        return {
            "step": self.step,
            "time": self.time.isoformat(),
            "mode": self.mode,
            "source": self.source,
            "reasons": list(self.reasons),
            **{f"set_{name}": _number(getattr(self.set, name)) for name in ACTIONS},
            **{f"advised_{name}": _number(getattr(advice.action, name)) if advice else None for name in ACTIONS},
            **{f"expected_{name}": _number(getattr(advice, name)) if advice else None for name in _EXPECTED},
        }


def _number(value: Any) -> float | None:
    return float(value) if value is not None and isfinite(value) else None


@dataclass(frozen=True)
class ActionLog:
    """A file that entries are appended to; without a path they go nowhere."""

    path: Path | None

    def add(self, entry: Entry) -> None:
        """Appends an entry; it is with the operating system when this returns."""
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry.row()) + "\n")


def read_log(path: Path) -> "pa.Table":
    """Reads a log: a row a step, units as in `Action` and `Advice`; a last line that was cut by a kill is left out.

    Raises:
        InputError: The file is not there, or a line before the last is no entry.
    """
    import pyarrow as pa

    try:
        lines = Path(path).read_text("utf-8").splitlines(keepends=True)
    except OSError as error:
        raise InputError(f"cannot read action log {path}: {error.strerror}") from error
    if lines and not lines[-1].endswith("\n"):
        lines.pop()
    return pa.Table.from_pylist(list(_rows(path, lines)), _schema())


def _schema() -> "pa.Schema":
    import pyarrow as pa

    columns = [
        ("step", pa.int64()),
        ("time", pa.timestamp("ms")),
        ("mode", pa.string()),
        ("source", pa.string()),
        ("reasons", pa.list_(pa.string())),
        *((f"{kind}_{name}", pa.float64()) for kind in ("set", "advised") for name in ACTIONS),
        *((f"expected_{name}", pa.float64()) for name in _EXPECTED),
    ]
    return pa.schema(columns)


def _rows(path: Path, lines: Iterable[str]) -> Iterable[Mapping[str, Any]]:
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            yield row | {"time": datetime.fromisoformat(row["time"])}
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(
                f"{path}, line {number}: an entry must be JSON with its time. Received: {line!r:.60}"
            ) from error
