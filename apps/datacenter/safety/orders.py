"""The operator's orders: a small YAML (or JSON) file that is read again whenever it changes, also while a plant runs.

```yaml
mode: hold                  # act, shadow (advise, do not act), local (the plant's own control) or hold
hold: {supply_air_c: 22}    # these set-points whatever the advice; the other fields go to local control
limits: {supply_air_c: [18, 24]}
until: 1991-07-02 12:00     # then all of this is over; local standard time
at_once: true               # without ramps
```
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, NaiveDatetime, model_validator

from apps.datacenter.safety.settings import Ranges, check_ranges
from gristmill.config import CheckedRecord, validated
from gristmill.errors import InputError

__all__ = ["Mode", "OperatorFile", "Orders"]

Mode = Literal["act", "shadow", "local", "hold"]


class Orders(CheckedRecord):
    """What an operator wants."""

    mode: Mode = "act"
    """`act`: act on advice. `shadow`: ask for advice and log it, act as `local`. `local`: the plant's own control.
    `hold`: the set-points of `hold`."""
    limits: Ranges = Field(default_factory=dict)
    """Lowest and highest set-points, narrower than the guard's own; nothing goes beyond them."""
    hold: dict[str, float] = Field(default_factory=dict)
    """Set-points by field of `Action`, in its unit, for the mode `hold`."""
    at_once: bool = False
    """Whether set-points jump to what is ordered, in place of moving there at their rates."""
    until: NaiveDatetime | None = None
    """When the orders are over, local standard time; then the guard acts on advice as without a file."""

    @model_validator(mode="after")
    def _consistent(self) -> "Orders":
        check_ranges(self.limits)
        check_ranges({name: (value, value) for name, value in self.hold.items()})
        for name, value in self.hold.items():
            low, high = self.limits.get(name, (value, value))
            if not low <= value <= high:
                raise ValueError(f"`hold` must keep `limits`. Received: {name} {value}, limits {low}, {high}")
        if self.mode == "hold" and not self.hold:
            raise ValueError("`hold` must name a set-point in the mode `hold`. Received: none")
        return self


_LOCAL = Orders(mode="local")


@dataclass
class OperatorFile:
    """The file, and the last good orders that were read from it.

    A file that is not there orders nothing. One that is broken, or vanishes, changes nothing: the last good orders stay.
    One that is broken before any good one was read orders local control, for nobody knows what was wanted.
    """

    path: Path
    _seen: tuple[int, ...] | None = field(default=None, init=False)
    _orders: Orders | None = field(default=None, init=False)

    def now(self, time: datetime) -> tuple[Orders, list[str]]:
        """The orders at a time, and in words what there is to say of the file since it was asked last."""
        notes = self._read()
        orders = self._orders or Orders()
        return (Orders() if orders.until is not None and time >= orders.until else orders), notes

    def _read(self) -> list[str]:
        try:
            status = self.path.stat()
            seen: tuple[int, ...] | None = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            seen = None
        if seen == self._seen:
            return []
        self._seen = seen
        if seen is None:
            return [f"the operator's file {self.path} is gone: its last orders stay"]
        try:
            self._orders = _parse(self.path.read_text("utf-8"))
            return [f"the operator's file says {self._orders.mode}"]
        except (OSError, UnicodeDecodeError, yaml.YAMLError, InputError) as error:
            self._orders = self._orders or _LOCAL
            return [
                f"the operator's file {self.path} is broken, {self._orders.mode} stays: {' '.join(str(error).split())}"
            ]


def _parse(text: str) -> Orders:
    values: Any = yaml.safe_load(text)
    if not isinstance(values, Mapping):
        raise InputError(f"it must hold orders, such as `mode: local`. Received: {text[:40]!r}")
    return validated(Orders, values)
