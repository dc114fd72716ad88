"""The computing load over time, a fraction of what the servers can do: from a public trace or the user's own file."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from apps.datacenter.plant.sources import LOADS, load_file
from gristmill.errors import InputError

__all__ = ["LoadSeries", "read_load", "read_servers_on"]

_COLUMNS = ("load", "cpu_util")
_MINUTES = 5
"""Interval of the named loads."""
_DAYS, _SIZED_BY, _HIGHEST = 28, 18, 0.7
"""Azure's days that are kept, those that the fleet is sized by, and the highest load of these."""


@dataclass(frozen=True)
class LoadSeries:
    """Load at even intervals; what is shorter than a run starts again from its beginning."""

    name: str
    values: tuple[float, ...]
    """Fractions from 0 to 1."""
    minutes: int
    """Length of an interval."""

    def __post_init__(self) -> None:
        if not self.values:
            raise InputError(f"{self.name}: a load must have one row or more. Received: none")
        if self.minutes < 1:
            raise InputError(f"{self.name}: `minutes` must be a positive integer. Received: {self.minutes}")
        for row, value in enumerate(self.values, 1):
            if not 0.0 <= value <= 1.0:  # false for NaN also
                raise InputError(f"{self.name}, row {row}: a load must be from 0 to 1. Received: {value}")

    def steps(self, minutes: int, count: int) -> npt.NDArray[np.float64]:
        """The load of each step, the mean where a step spans several intervals.

        Args:
            minutes: Length of a step.
            count: How many steps.

        Returns:
            Fractions, float64 [count].

        Raises:
            InputError: Neither length divides the other.
        """
        values = np.asarray(self.values, np.float64)
        if self.minutes % minutes == 0:
            return values[(np.arange(count) // (self.minutes // minutes)) % len(values)]
        if minutes % self.minutes:
            raise InputError(
                f"{self.name}: the interval of a load must divide the step ({minutes} minutes) or be a multiple of it. "
                f"Received: {self.minutes} minutes"
            )
        each = minutes // self.minutes
        rows = (np.arange(count)[:, None] * each + np.arange(each)) % len(values)  # [step, interval within it]
        return values[rows].mean(axis=1)


def read_load(load: str, minutes: int = 15) -> LoadSeries:
    """Reads a load by name or file.

    Args:
        load: `google2019` or `azure2019` (28 days at 5 minutes, fetched on first use), or a CSV file with a column
            `load` or `cpu_util` of fractions, a row an interval. Azure's trace has sums without the capacity, so the
            fleet is sized: what is highest in the first 18 days becomes 0.7 of it.
        minutes: Length of an interval in a file of the user's own.

    Raises:
        InputError: The file is not there, lacks the column, or a row is no number from 0 to 1.
    """
    path = load_file(load)
    if load == "azure2019":
        day = 24 * 60 // _MINUTES
        used = np.array(_column(load, path, "a load", ("cpu_usage",)))[: _DAYS * day]
        return LoadSeries(load, tuple((used / used[: _SIZED_BY * day].max() * _HIGHEST).tolist()), _MINUTES)
    return LoadSeries(load, tuple(_column(load, path, "a load", _COLUMNS)), _MINUTES if load in LOADS else minutes)


def read_servers_on(name: str, load: LoadSeries) -> LoadSeries:
    """Reads the share of the servers that run, for a load.

    Args:
        name: A CSV file with a column `servers_on` of fractions, a row an interval of the load.
        load: Fractions of what all servers can do.

    Raises:
        InputError: The file is not there, lacks the column or has another number of rows than the load, or a row is no
            number above 0 and up to 1, or less than the load.
    """
    path = Path(name)
    if not path.is_file():
        raise InputError(f"`servers_on` must be a CSV file. Received: {name!r}, which is not there")
    series = LoadSeries(name, tuple(_column(name, path, "a plan", ("servers_on",))), load.minutes)
    if len(series.values) != len(load.values):
        raise InputError(
            f"{name}: a plan must have as many rows as {load.name}, {len(load.values)}. Received: {len(series.values)}"
        )
    for row, (on, work) in enumerate(zip(series.values, load.values, strict=True), 1):
        if not 0.0 < on >= work:
            rule = f"some servers must run, and enough for the load, {work}"
            raise InputError(f"{name}, row {row}: {rule}. Received: {on}")
    return series


def _column(name: str, path: Path, kind: str, columns: Sequence[str]) -> Sequence[float]:
    with open(path, newline="", encoding="utf-8", errors="replace") as stream:
        rows = csv.DictReader(stream)
        column = next((column for column in columns if column in (rows.fieldnames or ())), None)
        if column is None:
            came = ", ".join(rows.fieldnames or ()) or "an empty file"
            raise InputError(f"{name}: {kind} must have a column `{columns[0]}`. Received: {came}")
        values = []
        for number, row in enumerate(rows, 1):
            try:
                values.append(float(row[column]))
            except (TypeError, ValueError) as error:
                raise InputError(
                    f"{name}, row {number}: `{column}` must be a number. Received: {row[column]!r}"
                ) from error
    return values
